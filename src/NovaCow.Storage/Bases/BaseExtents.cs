using Microsoft.Win32.SafeHandles;

namespace NovaCow.Storage;

/// <summary>
/// Sees to it that a base lies in few pieces, because a clone that shares its blocks costs time
/// for each of them, every time: some 15 µs. A file that was written in one go lies in a handful
/// for each GiB; one with many small holes, or on a full disk, may lie in thousands.
/// </summary>
internal static class BaseExtents
{
    /// <summary>The pieces for each GiB, and once beside, that are left as they are: their time is
    /// that of one sync.</summary>
    private const long PerGiB = 64;

    private const int PieceBytes = 1 << 20;

    /// <summary>Writes a file anew, once, when it lies in too many pieces; small holes are filled
    /// with zeros then. Where that has no room or gains little, it stays as it is.</summary>
    /// <param name="files">How.</param>
    /// <param name="path">The file, of which nobody else makes use yet.</param>
    /// <param name="token">Gives up; what is left beside the file is the caller's to remove.
    /// </param>
    public static void Gather(StoreFiles files, string path, CancellationToken token)
    {
        using var file = files.OpenToWrite(path);

        // Blocks are chosen when they are written back; the base is synced for good anyway.
        files.Sync(file, path);
        var bound = PerGiB * (1 + (StoreFiles.Length(file) >> 30));
        if (Count(file, path, token) is not { } count || count <= bound)
            return;
        var gathered = path + StoreLayout.TemporarySuffix;
        try
        {
            if (Copy(files, file, gathered, token) < count / 2)
            {
                files.Rename(gathered, path);
                return;
            }
        }
        catch (StoreIoException e) when (e.IsOutOfSpace)
        {
            // It is slower to clone, and whole.
        }

        files.Delete(gathered);
    }

    /// <summary>Copies with holes of whole pieces only.</summary>
    /// <returns>The pieces that the copy lies in.</returns>
    private static long? Copy(
        StoreFiles files, SafeFileHandle source, string path, CancellationToken token)
    {
        using var target = files.Create(path);
        var length = StoreFiles.Length(source);
        files.SetLength(target, path, length);
        var buffer = GC.AllocateUninitializedArray<byte>(PieceBytes);
        for (long offset = 0; offset < length; offset += PieceBytes)
        {
            token.ThrowIfCancellationRequested();
            offset = RawFile.NextData(source, offset, length) / PieceBytes * PieceBytes;
            var piece = buffer.AsSpan(0, RandomAccess.Read(source, buffer, offset));
            if (piece.ContainsAnyExcept((byte)0))
                files.Write(target, path, piece, offset);
        }

        files.Sync(target, path);
        return Count(target, path, token);
    }

    private static long? Count(SafeFileHandle file, string path, CancellationToken token) =>
        FileExtents.Read(file, path, token)?.Count;
}
