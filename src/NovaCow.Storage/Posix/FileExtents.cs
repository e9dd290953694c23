using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace NovaCow.Storage;

/// <summary>How a file lies on its disk.</summary>
/// <param name="Count">The pieces that it lies in.</param>
/// <param name="SharedBytes">Bytes of pieces that another file has, too.</param>
/// <param name="UniqueBytes">Bytes of pieces that only this file has.</param>
internal readonly record struct FileExtents(long Count, long SharedBytes, long UniqueBytes)
{
    private const int BatchExtents = 128, HeaderBytes = 32, ExtentBytes = 56;
    private const uint Last = 0x1, Shared = 0x2000;

    /// <summary>The bytes that only this file has; where the file system offers no map, all that it
    /// takes.</summary>
    public static long UniqueBytesOf(SafeFileHandle file, string path) =>
        Read(file, path, CancellationToken.None)?.UniqueBytes
            ?? StoreFiles.Stat(file, path).AllocatedBytes;

    /// <summary>One pass over a file's map (FIEMAP); null where the file system offers none.
    /// </summary>
    /// <remarks>
    /// It asks for no write-back first (FIEMAP_FLAG_SYNC): to measure a host would make each guest
    /// wait for its dirty pages. So what a guest wrote in the last seconds over shared blocks may
    /// still be counted as shared; into a hole, it is counted already. Compressed pieces (btrfs)
    /// are counted with their length when read.
    /// </remarks>
    /// <exception cref="StoreIoException">The map cannot be read.</exception>
    public static unsafe FileExtents? Read(
        SafeFileHandle file, string path, CancellationToken token)
    {
        var (count, shared, unique) = (0L, 0L, 0L);
        var map = new byte[HeaderBytes + (BatchExtents * ExtentBytes)];
        for (ulong start = 0; ;)
        {
            token.ThrowIfCancellationRequested();
            Array.Clear(map, 0, HeaderBytes);
            MemoryMarshal.Write(map, start);
            MemoryMarshal.Write(map.AsSpan(8), ulong.MaxValue - start);
            MemoryMarshal.Write(map.AsSpan(24), BatchExtents);
            int result;
            fixed (byte* argument = map)
                result = LibC.ioctl(file, LibC.FS_IOC_FIEMAP, argument);
            if (result != 0)
            {
                return Marshal.GetLastPInvokeError() is LibC.EOPNOTSUPP or LibC.ENOTTY
                    ? null
                    : throw StoreIoException.Last("map", path);
            }

            var mapped = MemoryMarshal.Read<int>(map.AsSpan(20));
            var (before, flags) = (start, Last);
            for (var i = 0; i < mapped; i++)
            {
                var extent = map.AsSpan(HeaderBytes + (i * ExtentBytes), ExtentBytes);
                var length = MemoryMarshal.Read<ulong>(extent[16..]);
                start = MemoryMarshal.Read<ulong>(extent) + length;
                flags = MemoryMarshal.Read<uint>(extent[40..]);
                if ((flags & Shared) != 0)
                    shared += (long)length;
                else
                    unique += (long)length;
            }

            count += mapped;
            if ((flags & Last) != 0 || start <= before)
                return new FileExtents(count, shared, unique);
        }
    }
}
