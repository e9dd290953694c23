namespace NovaCow.Core;

/// <summary>
/// Fetches an image's bytes from where they are into a private file of this host. It knows nothing
/// of formats, bases or actors.
/// </summary>
/// <remarks>
/// Expected failures are <see cref="PortException"/>s: ImageNotFound (the source has no such file,
/// or it may not be read), ChecksumMismatch, ImageSource (stalled, broken off, lied about its
/// length, too many redirects; after the bounded retries), InsufficientStorage,
/// InvalidRequest (an unknown scheme, a path outside the allowed roots, more bytes than the cap).
/// </remarks>
public interface IImageSource
{
    /// <summary>Whether this source knows the URI's scheme.</summary>
    bool Handles(Uri source);

    /// <summary>
    /// Fetches the whole image to <see cref="FetchRequest.DestinationPath"/>.
    /// </summary>
    /// <returns>
    /// What was fetched: the file is complete, synced, and its digest is the expected one if one
    /// was given.
    /// </returns>
    /// <remarks>
    /// A cancelled, failed or killed fetch may leave <c>DestinationPath + ".part"</c> and
    /// <c>".part.json"</c>, from which the next call with the same request goes on; bytes that are
    /// known to be wrong are removed. The destination itself exists only when it is whole.
    /// </remarks>
    Task<FetchedImage> FetchAsync(
        FetchRequest request,
        IProgress<FetchProgress>? progress,
        CancellationToken cancellationToken);
}

/// <summary>What to fetch, and within which bounds.</summary>
public sealed record FetchRequest
{
    /// <summary>Where from. Credentials in it are never shown in an error or a log.</summary>
    public required Uri Source { get; init; }

    /// <summary>The absolute path of the file to make; its directory exists.</summary>
    public required string DestinationPath { get; init; }

    /// <summary>The most bytes to accept.</summary>
    public required long MaxBytes { get; init; }

    /// <summary>The digest the bytes must have; null only while an image is being registered.
    /// </summary>
    public Digest? Expected { get; init; }

    /// <summary>How the image is called in errors.</summary>
    public required string DisplayName { get; init; }
}

/// <summary>A fetch in flight.</summary>
/// <param name="ReceivedBytes">Bytes at hand, those of an earlier try included.</param>
/// <param name="TotalBytes">The length, where the source says it.</param>
public readonly record struct FetchProgress(long ReceivedBytes, long? TotalBytes);

/// <summary>An image's bytes on this host.</summary>
/// <param name="Path">The destination.</param>
/// <param name="SizeBytes">Its length.</param>
/// <param name="Digest">Its digest, by the expected algorithm or else SHA-256.</param>
/// <param name="TransferredBytes">Bytes that this call moved; less than the length on a resume.
/// </param>
public sealed record FetchedImage(
    string Path, long SizeBytes, Digest Digest, long TransferredBytes);
