using Microsoft.Net.Http.Headers;
using NovaCow.Core;
using NovaCow.Storage;

namespace NovaCow.Node.Api;

/// <summary>Where other hosts fetch the images that this one made of disks; whole, or from where
/// they were. What they get they hold against the digest that they asked for.</summary>
internal static class CapturesApi
{
    /// <param name="app">The server.</param>
    /// <param name="captures">The host's images; null while it does not serve.</param>
    public static void Map(WebApplication app, Func<DiskCaptures?> captures) =>
        app.MapGet($"/{DiskCaptures.Route}/{{digest}}", (string digest, CancellationToken ct) =>
            OpenAsync(captures(), digest, ct)).ExcludeFromDescription();

    private static async Task<IResult> OpenAsync(
        DiskCaptures? captures, string text, CancellationToken ct)
    {
        var stream = captures is not null && Digest.TryParse(text, out var digest, out _)
            ? await captures.OpenAsync(digest, ct)
            : null;
        return stream is null
            ? throw new ApiException(
                StatusCodes.Status404NotFound, "NotCaptured",
                "this host has no captured image of that digest; it may have been removed")
            : TypedResults.Stream(
                stream,
                "application/octet-stream",
                entityTag: new EntityTagHeaderValue($"\"{text}\""),
                enableRangeProcessing: true);
    }
}
