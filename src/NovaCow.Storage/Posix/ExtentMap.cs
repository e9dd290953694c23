using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace NovaCow.Storage;

/// <summary>Where a file's bytes lie on the disk, as the file system tells it (FIEMAP), read a few
/// hundred pieces at a time as they are asked for in order.</summary>
/// <param name="file">Outlives this.</param>
internal sealed class ExtentMap(SafeFileHandle file)
{
    private const int AtOnce = 256;
    private const int HeadBytes = 32, ExtentBytes = 56;

    /// <summary>Last, merged, shared: all else means that the place is not told, or that it is not
    /// that of the bytes as they are read.</summary>
    private const uint PlainFlags = 0x1 | 0x1000 | 0x2000;
    private const uint LastFlag = 0x1;

    private readonly byte[] _reply = new byte[HeadBytes + (AtOnce * ExtentBytes)];
    private readonly List<MappedPiece> _extents = [];
    private long _from;
    private long _until;

    /// <summary>The plain piece that an offset lies in; null when it lies in a hole, or in what is
    /// compressed, unwritten or not yet placed, or when the file system tells nothing.</summary>
    public MappedPiece? Find(long offset)
    {
        if (offset < _from || offset >= _until)
            Load(offset);
        var index = _extents.FindIndex(e => e.Offset <= offset && offset < e.Offset + e.Length);
        return index < 0 ? null : _extents[index];
    }

    /// <summary>Until where, from an offset on, another file of the same file system lies at the
    /// same places, and so has the same bytes; the offset itself when it does not.</summary>
    public long SameUntil(ExtentMap other, long offset) =>
        Find(offset) is { } ours && other.Find(offset) is { } theirs
            && ours.Place - ours.Offset == theirs.Place - theirs.Offset
            ? Math.Min(ours.Offset + ours.Length, theirs.Offset + theirs.Length)
            : offset;

    private unsafe void Load(long offset)
    {
        _extents.Clear();
        (_from, _until) = (offset, long.MaxValue);
        Array.Clear(_reply, 0, HeadBytes);
        MemoryMarshal.Write(_reply, offset);
        MemoryMarshal.Write(_reply.AsSpan(8), long.MaxValue - offset);
        MemoryMarshal.Write(_reply.AsSpan(24), AtOnce);
        fixed (byte* argument = _reply)
        {
            if (LibC.ioctl(file, LibC.FS_IOC_FIEMAP, argument) != 0)
                return;
        }

        var count = Math.Min(MemoryMarshal.Read<int>(_reply.AsSpan(20)), AtOnce);
        for (var i = 0; i < count; i++)
        {
            var piece = _reply.AsSpan(HeadBytes + (i * ExtentBytes));
            var flags = MemoryMarshal.Read<uint>(piece[40..]);
            var found = new MappedPiece(
                MemoryMarshal.Read<long>(piece),
                MemoryMarshal.Read<long>(piece[8..]),
                MemoryMarshal.Read<long>(piece[16..]));
            if ((flags & ~PlainFlags) == 0)
                _extents.Add(found);
            if (i == AtOnce - 1 && (flags & LastFlag) == 0)
                _until = found.Offset + found.Length;
        }
    }
}

/// <summary>A piece of a file and its place on the disk, in bytes.</summary>
internal readonly record struct MappedPiece(long Offset, long Place, long Length);
