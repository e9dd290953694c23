using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace NovaCow.Storage;

/// <summary>Raw disks as files: copying with holes, sharing of blocks, and how they lie.</summary>
internal static class RawFile
{
    public const int SectorBytes = 512;
    private const int CopyBytes = 1 << 20;

    /// <summary>The length of a disk that holds these bytes: qemu, too, rounds up.</summary>
    public static long WholeSectors(long bytes) =>
        (bytes + SectorBytes - 1) / SectorBytes * SectorBytes;

    /// <summary>
    /// Copies a file: by sharing its blocks where the file system can, else byte by byte in large
    /// pieces, with a hole for each that is all zeros.
    /// </summary>
    public static void Copy(
        StoreFiles files,
        string from,
        string to,
        IProgress<long>? progress,
        CancellationToken token)
    {
        using var source = files.OpenToRead(from);
        using var target = files.Create(to);
        files.Step("copy", to);
        if (LibC.ioctl(target, LibC.FICLONE, source.DangerousGetHandle()) == 0)
            return;
        CopyData(files, source, (target, to), progress, token);
    }

    /// <summary>Copies a file's bytes into an empty one, in large pieces, with a hole for each that
    /// is all zeros.</summary>
    public static void CopyData(
        StoreFiles files,
        SafeFileHandle source,
        (SafeFileHandle File, string Path) target,
        IProgress<long>? progress,
        CancellationToken token)
    {
        var length = StoreFiles.Length(source);
        var buffer = GC.AllocateUninitializedArray<byte>(CopyBytes);
        for (long offset = 0; offset < length;)
        {
            token.ThrowIfCancellationRequested();
            offset = NextData(source, offset, length);
            var count = RandomAccess.Read(source, buffer, offset);
            if (count == 0)
                break;
            var piece = buffer.AsSpan(0, count);
            if (piece.ContainsAnyExcept((byte)0))
                files.Write(target.File, target.Path, piece, offset);
            offset += count;
            progress?.Report(offset);
        }

        files.SetLength(target.File, target.Path, length);
    }

    /// <summary>
    /// Gives back the blocks of a file that hold only zeros, a piece of <see cref="CopyBytes"/> or
    /// more at a time, so that it stays in few extents. What it reads as does not change.
    /// </summary>
    public static void DigHoles(
        StoreFiles files, SafeFileHandle file, string path, CancellationToken token)
    {
        var length = StoreFiles.Length(file);
        var buffer = GC.AllocateUninitializedArray<byte>(CopyBytes);
        long zerosFrom = -1;
        for (long offset = 0; offset < length;)
        {
            token.ThrowIfCancellationRequested();
            offset = NextData(file, offset, length) / CopyBytes * CopyBytes;
            var count = RandomAccess.Read(file, buffer, offset);
            if (count == 0)
                break;
            var isZero = !buffer.AsSpan(0, count).ContainsAnyExcept((byte)0);
            if (isZero && zerosFrom < 0)
                zerosFrom = offset;
            if (!isZero && zerosFrom >= 0)
            {
                files.PunchHole(file, path, zerosFrom, offset - zerosFrom);
                zerosFrom = -1;
            }

            offset += count;
        }

        if (zerosFrom >= 0)
            files.PunchHole(file, path, zerosFrom, length - zerosFrom);
    }

    /// <summary>How many pieces the file's bytes lie in on the disk; null where the file system
    /// does not tell.</summary>
    public static unsafe long? CountExtents(StoreFiles files, string path)
    {
        // struct fiemap: start, length, flags, mapped, room for 0 extents, reserved.
        Span<byte> request = stackalloc byte[32];
        request.Clear();
        MemoryMarshal.Write(request[8..], ulong.MaxValue);
        MemoryMarshal.Write(request[16..], 1u);
        using var file = files.OpenToRead(path);
        fixed (byte* argument = request)
        {
            return LibC.ioctl(file, LibC.FS_IOC_FIEMAP, argument) == 0
                ? MemoryMarshal.Read<uint>(request[20..])
                : null;
        }
    }

    /// <summary>Where the file's next bytes are that are no hole; its length when there are none.
    /// </summary>
    public static long NextData(SafeFileHandle file, long offset, long length)
    {
        var data = LibC.lseek(file, offset, LibC.SEEK_DATA);
        if (data >= 0)
            return data;
        return Marshal.GetLastPInvokeError() == 6 ? length : offset;
    }
}
