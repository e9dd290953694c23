using NovaCow.Core;

namespace NovaCow.Images;

/// <summary>The failures that every image source words alike.</summary>
internal static class SourceErrors
{
    private const int FileTooLarge = 27;
    private const int NoSpace = 28;
    private const int QuotaExceeded = 122;

    public static PortException TooLarge(FetchRequest request, long bytes) =>
        PortException.Final(
            LaunchErrorCode.InvalidRequest,
            $"image {request.DisplayName}: {SafeUri.Display(request.Source)} has {bytes} bytes or "
                + $"more, above the limit of {request.MaxBytes}; raise the limit or use a smaller "
                + "image");

    public static PortException WrongDigest(FetchRequest request, Digest expected, Digest found) =>
        PortException.Final(
            LaunchErrorCode.ChecksumMismatch,
            $"image {request.DisplayName}: {expected.Algorithm} differs: catalogue {expected.Hex}, "
                + $"downloaded {found.Hex}; the file was discarded. Register the image again if "
                + $"{SafeUri.Display(request.Source)} was meant to change");

    /// <summary>A failure of the host's own file system while the image was written.</summary>
    public static PortException Unwritable(FetchRequest request, string path, Exception cause) =>
        cause.HResult is NoSpace or QuotaExceeded or FileTooLarge
            ? PortException.Retryable(
                LaunchErrorCode.InsufficientStorage,
                $"image {request.DisplayName}: no room for {path} ({cause.Message}); the partial "
                    + "download was removed. Free space in the host's store or evict bases",
                cause)
            : PortException.Retryable(
                LaunchErrorCode.ImageSource,
                $"image {request.DisplayName}: cannot write {path}: {cause.Message}; check the "
                    + "host's store and its disk",
                cause);
}
