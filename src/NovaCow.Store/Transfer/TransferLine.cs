using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace NovaCow.Store.Transfer;

/// <summary>
/// One line of an exported store, which is a text of JSON lines: first <c>format</c> and
/// <c>version</c>; for each stream its name and <c>highest</c> number, then its <c>snapshot</c>, if
/// there is one, and each <c>event</c>, with manifest and bytes (base64); each <c>lease</c> with
/// its epoch; last the <c>end</c>: what there should be, and the SHA-256 of all lines before.
/// </summary>
internal sealed record TransferLine
{
    public const string FormatName = "novacow-store";

    public const int FormatVersion = 1;

    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public string? Format { get; init; }

    public int? Version { get; init; }

    public string? Stream { get; init; }

    public long? Highest { get; init; }

    public long? Snapshot { get; init; }

    public long? Event { get; init; }

    public string? Manifest { get; init; }

    public byte[]? Bytes { get; init; }

    public string? Lease { get; init; }

    public long? Epoch { get; init; }

    public TransferTotals? End { get; init; }

    public string? Sha256 { get; init; }

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, Options);

    /// <exception cref="JsonException">It is no such line.</exception>
    public static TransferLine Parse(ReadOnlySpan<byte> line) =>
        JsonSerializer.Deserialize<TransferLine>(line, Options) ?? throw new JsonException();
}

/// <summary>What was exported or imported.</summary>
public sealed record TransferTotals
{
    public long Streams { get; init; }

    public long Events { get; init; }

    public long Snapshots { get; init; }

    public long Leases { get; init; }
}
