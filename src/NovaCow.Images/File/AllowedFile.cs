using Microsoft.Win32.SafeHandles;
using NovaCow.Core;

namespace NovaCow.Images;

/// <summary>
/// Opens a local image if it may be read. The file that is judged is the file that is opened:
/// no link can be changed in between.
/// </summary>
internal static class AllowedFile
{
    private const int NoSuchFile = 2;

    /// <summary>The image, opened for reading.</summary>
    /// <exception cref="PortException">It does not exist or may not be read.</exception>
    public static SafeFileHandle Open(FetchRequest request, IReadOnlyList<string> roots)
    {
        var path = PathOf(request);
        using var located = Posix.Locate(path, out var error);
        if (located.IsInvalid)
            throw Missing(request, path, error);

        var real = Posix.RealPathOf(located);
        if (!roots.Any(root => IsBelow(real, root)))
            throw Outside(request, path, real, roots);
        if (!Posix.StatusOf(located).IsRegular)
        {
            throw Refused(
                request,
                $"{path} is not a regular file; name an image file below one of the directories "
                    + $"in {FileImageOptions.RootsKey}");
        }

        try
        {
            return File.OpenHandle(
                Posix.PathOf(located), FileMode.Open, FileAccess.Read,
                FileShare.ReadWrite | FileShare.Delete,
                FileOptions.Asynchronous | FileOptions.SequentialScan);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw PortException.Final(
                LaunchErrorCode.ImageNotFound,
                $"image {request.DisplayName}: {path} may not be read; give this process's user "
                    + "the right to",
                e);
        }
    }

    private static string PathOf(FetchRequest request)
    {
        var source = request.Source;
        if (source.Host is not ("" or "localhost"))
        {
            throw Refused(
                request,
                $"a file: URI names a file of this host, not of '{source.Host}'; write "
                    + $"file://{source.AbsolutePath}");
        }

        var path = source.Host.Length == 0
            ? source.LocalPath
            : Uri.UnescapeDataString(source.AbsolutePath);
        return path.Contains('\0') ? throw Refused(request, "the path has a zero byte") : path;
    }

    private static bool IsBelow(string path, string root)
    {
        using var located = Posix.Locate(root, out _);
        if (located.IsInvalid)
            return false;
        var real = Posix.RealPathOf(located).TrimEnd('/') + '/';
        return path.StartsWith(real, StringComparison.Ordinal);
    }

    private static PortException Missing(FetchRequest request, string path, int error) =>
        PortException.Final(
            LaunchErrorCode.ImageNotFound,
            error == NoSuchFile
                ? $"image {request.DisplayName}: there is no {path} on this host"
                : $"image {request.DisplayName}: {path} cannot be opened: "
                    + System.Runtime.InteropServices.Marshal.GetPInvokeErrorMessage(error));

    private static PortException Outside(
        FetchRequest request, string path, string real, IReadOnlyList<string> roots)
    {
        var shown = path == real ? path : $"{path} (really {real})";
        var allowed = roots.Count == 0 ? "none are configured" : string.Join(", ", roots);
        return Refused(
            request,
            $"{shown} is outside the directories that images may be in ({allowed}); move it or "
                + $"add its directory to {FileImageOptions.RootsKey}");
    }

    private static PortException Refused(FetchRequest request, string why) =>
        PortException.Final(
            LaunchErrorCode.InvalidRequest, $"image {request.DisplayName}: {why}");
}
