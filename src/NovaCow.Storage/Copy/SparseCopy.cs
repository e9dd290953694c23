using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace NovaCow.Storage;

/// <summary>
/// Copies files' data, and not their holes, into one file in one pass. Its caller syncs the file.
/// </summary>
/// <remarks>Through memory, and not by copy_file_range: that lets both files share their blocks
/// wherever the file system can, and where it cannot it moves 64 KiB at a time and takes longer.
/// </remarks>
/// <param name="files">Makes the changes.</param>
/// <param name="file">The file to fill.</param>
/// <param name="path">Its path.</param>
internal sealed class SparseCopy(StoreFiles files, SafeFileHandle file, string path)
{
    private const int BufferBytes = 1 << 20;

    private readonly WriteBehind _written = new(files, file, path);
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(BufferBytes);

    /// <summary>Copies a whole file to an offset that lies behind all that was written.</summary>
    /// <param name="source">The file to copy.</param>
    /// <param name="at">Where its first byte goes.</param>
    /// <param name="progress">Told where in the new file the copy is.</param>
    /// <param name="token">Gives up between two pieces.</param>
    public void Copy(
        SafeFileHandle source, long at, IProgress<long>? progress, CancellationToken token)
    {
        var length = StoreFiles.Length(source);
        _ = LibC.posix_fadvise(source, 0, 0, LibC.POSIX_FADV_SEQUENTIAL);
        for (long offset = 0; offset < length;)
        {
            token.ThrowIfCancellationRequested();
            var (data, hole) = NextData(source, offset, length);
            var room = _buffer.AsSpan(0, (int)Math.Min(hole - data, BufferBytes));
            offset = data + (room.IsEmpty ? 0 : CopyPiece(source, room, (data, at + data)));
            progress?.Report(at + offset);
        }
    }

    private int CopyPiece(SafeFileHandle source, Span<byte> room, (long From, long To) piece)
    {
        var count = RandomAccess.Read(source, room, piece.From);
        if (count == 0)
            throw new StoreIoException("copy the whole base to", path, LibC.EIO);
        files.Write(file, path, room[..count], piece.To);
        _written.Wrote(piece.To, count);
        return count;
    }

    /// <summary>Where the next data begins and ends; both the file's length where there is none.
    /// A file system that knows no holes says that all is data.</summary>
    private static (long Data, long Hole) NextData(SafeFileHandle file, long offset, long length)
    {
        var data = LibC.lseek(file, offset, LibC.SEEK_DATA);
        if (data < 0)
            return (Marshal.GetLastPInvokeError() == LibC.ENXIO ? length : offset, length);
        var hole = LibC.lseek(file, data, LibC.SEEK_HOLE);
        return (data, hole > data ? hole : length);
    }
}
