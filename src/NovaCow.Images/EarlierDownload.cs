using NovaCow.Core;

namespace NovaCow.Images;

/// <summary>A destination that an earlier fetch published before its caller could use it.</summary>
internal static class EarlierDownload
{
    /// <summary>
    /// What is at the destination, if it is the pinned image; anything else there is removed.
    /// </summary>
    public static async Task<FetchedImage?> FindAsync(
        FetchRequest request, FetchProgressGauge gauge, CancellationToken cancellationToken)
    {
        var path = request.DestinationPath;
        if (!File.Exists(path))
            return null;
        try
        {
            var size = new FileInfo(path).Length;
            if (request.Expected is { } expected && size <= request.MaxBytes
                && await DigestAsync(path, expected.Algorithm, cancellationToken) == expected)
            {
                gauge.Report(size, size);
                return new FetchedImage(path, size, expected, TransferredBytes: 0);
            }

            File.Delete(path);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw SourceErrors.Unwritable(request, path, e);
        }
    }

    private static async Task<Digest> DigestAsync(
        string path, string algorithm, CancellationToken cancellationToken)
    {
        using var file = File.OpenHandle(
            path, options: FileOptions.Asynchronous | FileOptions.SequentialScan);
        await using var pipe = new DigestPipe(algorithm);
        for (long at = 0; ;)
        {
            var buffer = await pipe.RentAsync(cancellationToken);
            var count = await RandomAccess.ReadAsync(file, buffer, at, cancellationToken);
            if (count == 0)
                return await pipe.DigestAsync();
            pipe.Push(count);
            at += count;
        }
    }
}
