using System.Globalization;

namespace NovaCow.Images.Tests.Support;

/// <summary>One image behind a well-behaved origin: ranges, validators, 416.</summary>
public sealed class ImageSite(byte[] content)
{
    public byte[] Content { get; set; } = content;

    public string? ETag { get; set; } = "\"v1\"";

    public DateTimeOffset? LastModified { get; set; }

    /// <summary>Answers every request with the whole.</summary>
    public bool IgnoresRange { get; set; }

    /// <summary>Serves the range even when the validator no longer fits, which is wrong.</summary>
    public bool IgnoresIfRange { get; set; }

    public ScriptedReply Answer(ScriptedRequest request)
    {
        var headers = new Dictionary<string, string> { ["Date"] = "Thu, 01 Jan 2026 00:00:00 GMT" };
        var date = LastModified?.ToString("R", CultureInfo.InvariantCulture);
        if (ETag is not null)
            headers["ETag"] = ETag;
        if (date is not null)
            headers["Last-Modified"] = date;

        var fits = request.IfRange is null || IgnoresIfRange || request.IfRange == (ETag ?? date);
        if (request.RangeStart is not { } start || IgnoresRange || !fits)
            return new ScriptedReply { Headers = headers, Body = Content };
        var total = Content.Length;
        if (start >= total)
        {
            headers["Content-Range"] = $"bytes */{total}";
            return new ScriptedReply { Status = 416, Headers = headers };
        }

        headers["Content-Range"] = $"bytes {start}-{total - 1}/{total}";
        return new ScriptedReply
        {
            Status = 206, Headers = headers, Body = Content.AsMemory((int)start),
        };
    }
}
