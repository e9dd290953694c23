using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace NovaCow.Storage;

/// <summary>
/// Copies files' data, and not their holes, into one file in one pass: within the kernel where that
/// is not refused and would not share blocks, else through memory. Its caller syncs the file.
/// </summary>
/// <remarks>copy_file_range lets both files share their blocks wherever the file system can, and a
/// full copy is there to share nothing.</remarks>
internal sealed class SparseCopy
{
    private const int BufferBytes = 1 << 20;

    private readonly StoreFiles _files;
    private readonly SafeFileHandle _file;
    private readonly string _path;
    private readonly WriteBehind _written;
    private bool _isWithinKernel;
    private byte[]? _buffer;

    /// <param name="files">Makes the changes.</param>
    /// <param name="source">The first file that will be copied.</param>
    /// <param name="file">The file to fill, which is empty.</param>
    /// <param name="path">Its path.</param>
    public SparseCopy(StoreFiles files, SafeFileHandle source, SafeFileHandle file, string path)
    {
        (_files, _file, _path) = (files, file, path);
        _written = new WriteBehind(files, file, path);
        _isWithinKernel = !files.CanShare(source, file, path);
    }

    /// <summary>Copies a whole file to an offset that lies behind all that was written.</summary>
    /// <param name="source">The file to copy.</param>
    /// <param name="at">Where its first byte goes.</param>
    /// <param name="progress">Told where in the new file the copy is.</param>
    /// <param name="token">Gives up between two pieces.</param>
    public void Copy(
        SafeFileHandle source, long at, IProgress<long>? progress, CancellationToken token)
    {
        var length = RandomAccess.GetLength(source);
        _ = LibC.posix_fadvise(source, 0, 0, LibC.POSIX_FADV_SEQUENTIAL);
        for (long offset = 0; offset < length;)
        {
            token.ThrowIfCancellationRequested();
            var (data, hole) = NextData(source, offset, length);
            var bytes = Math.Min(hole - data, WriteBehind.WindowBytes);
            offset = data + (bytes > 0 ? CopyPiece(source, new(data, at + data, bytes)) : 0);
            progress?.Report(at + offset);
        }
    }

    private long CopyPiece(SafeFileHandle source, FilePiece piece)
    {
        var count = _isWithinKernel ? _files.TryCopy(source, _file, _path, piece) : null;
        if (count is null)
        {
            _isWithinKernel = false;
            count = CopyThroughMemory(source, piece);
        }

        if (count == 0)
            throw new StoreIoException("copy the whole base to", _path, LibC.EIO);
        _written.Wrote(piece.To, count.Value);
        return count.Value;
    }

    private int CopyThroughMemory(SafeFileHandle source, FilePiece piece)
    {
        _buffer ??= GC.AllocateUninitializedArray<byte>(BufferBytes);
        var room = _buffer.AsSpan(0, (int)Math.Min(piece.Bytes, BufferBytes));
        var count = RandomAccess.Read(source, room, piece.From);
        _files.Write(_file, _path, room[..count], piece.To);
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
