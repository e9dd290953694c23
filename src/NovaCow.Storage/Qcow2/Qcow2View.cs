using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>
/// A qcow2 file as a disk, read in-process: its own clusters, and where it has none those of its
/// backing disk. Every offset in it is checked before it is used.
/// </summary>
/// <remarks>It keeps the L1 table and one L2 table; reading in order reads each once.</remarks>
internal sealed class Qcow2View : IDiskView
{
    private const ulong OffsetMask = 0x00ff_ffff_ffff_fe00, Compressed = 1UL << 62, Zero = 1;
    private const ulong Copied = 1UL << 63;

    /// <summary>Clusters looked at together.</summary>
    private const int MaxRun = 1024;

    private readonly RawView _host;
    private readonly string _path;
    private readonly Qcow2Metadata _header;
    private readonly IDiskView? _backing;
    private readonly long _fileBytes;
    private readonly ulong[] _l1;
    private readonly ulong[] _l2;
    private int _l2Of = -1;

    /// <param name="file">The file; outlives this.</param>
    /// <param name="path">How it is called in errors.</param>
    /// <param name="backing">What it lies over; null when it lies over nothing.</param>
    /// <exception cref="PortException">It is damaged, or has what cannot be read
    /// here.</exception>
    public Qcow2View(SafeFileHandle file, string path, IDiskView? backing)
    {
        (_host, _path, _backing) = (new RawView(file), path, backing);
        _header = Qcow2Metadata.Read(file, path);
        _fileBytes = StoreFiles.Length(file);
        _l1 = new ulong[_header.L1Entries];
        ReadTable(_header.L1Offset, _l1);
        _l2 = new ulong[_header.L2Entries];
    }

    private enum Kind
    {
        Unallocated,
        Zeros,
        Data,
    }

    public long SizeBytes => _header.SizeBytes;

    public long NextData(long offset)
    {
        var backing = -1L;
        while (offset < SizeBytes)
        {
            var (kind, _, end) = At(offset);
            if (kind == Kind.Data)
                return offset;
            if (kind == Kind.Unallocated && _backing is not null)
            {
                if (backing < offset)
                    backing = _backing.NextData(offset);
                if (backing < end && backing < _backing.SizeBytes)
                    return backing;
            }

            offset = end;
        }

        return SizeBytes;
    }

    public void Read(long offset, Span<byte> into)
    {
        while (into.Length > 0 && offset < SizeBytes)
        {
            var (kind, host, end) = At(offset);
            var count = (int)Math.Min(Math.Min(end, SizeBytes) - offset, into.Length);
            if (kind == Kind.Data)
                _host.Read(host, into[..count]);
            else if (kind == Kind.Unallocated && _backing is not null)
                _backing.Read(offset, into[..count]);
            else
                into[..count].Clear();
            into = into[count..];
            offset += count;
        }

        into.Clear();
    }

    /// <summary>Until where, from an offset on, it has no clusters of its own.</summary>
    public long BackedUntil(long offset)
    {
        while (offset < SizeBytes && At(offset) is { Kind: Kind.Unallocated, End: var end })
            offset = end;
        return offset;
    }

    /// <summary>The bytes behind the disk's end in its last cluster, which no guest has seen, but
    /// would if the disk grew.</summary>
    public bool HasBytesPastTheEnd()
    {
        var cluster = _header.ClusterBytes;
        var used = SizeBytes % cluster;
        if (used == 0)
            return false;
        var (kind, host, _) = At(SizeBytes - used);
        if (kind != Kind.Data)
            return false;
        var tail = new byte[cluster - used];
        _host.Read(host + used, tail);
        return tail.AsSpan().ContainsAnyExcept((byte)0);
    }

    /// <summary>What an offset of the disk is, where its byte is in the file, and until where that
    /// is so.</summary>
    private (Kind Kind, long Host, long End) At(long offset)
    {
        var table = (int)(offset / _header.BytesPerL1Entry);
        var end = (table + 1) * _header.BytesPerL1Entry;
        if ((_l1[table] & OffsetMask) == 0)
            return (Kind.Unallocated, 0, end);
        Load(table);
        var index = (int)((offset >> _header.ClusterBits) % _header.L2Entries);
        var within = offset & (_header.ClusterBytes - 1);
        var (kind, host) = Entry(table, index);
        var last = index + 1;
        while (last < Math.Min(_l2.Length, index + MaxRun))
        {
            var (nextKind, next) = Entry(table, last);
            var follows = host + ((long)(last - index) << _header.ClusterBits);
            if (nextKind != kind || (kind == Kind.Data && next != follows))
                break;
            last++;
        }

        end = (table * _header.BytesPerL1Entry) + ((long)last << _header.ClusterBits);
        return (kind, host + within, end);
    }
    private (Kind Kind, long Host) Entry(int table, int index)
    {
        var entry = _l2[index];
        if (entry == 0)
            return (Kind.Unallocated, 0);
        var host = (long)(entry & OffsetMask);
        var flags = entry & ~OffsetMask & ~Copied;
        if ((entry & Compressed) != 0)
        {
            throw PortException.Final(
                LaunchErrorCode.InvalidRequest,
                $"{_path} has compressed clusters, which are not read here; nothing was changed: "
                    + "convert it with qemu-img convert -O qcow2 first");
        }

        var isZero = flags == Zero && _header.Version == 3;
        var isWrong = (flags != 0 && !isZero)
            || host % _header.ClusterBytes != 0
            || (host == 0 && !isZero)
            || host >= _fileBytes;
        if (isWrong)
        {
            var at = (long)(_l1[table] & OffsetMask) + (8L * index);
            throw Qcow2Metadata.Damaged(
                _path, at, $"is {entry:x}, no cluster of this file of {_fileBytes} bytes");
        }

        return (isZero ? Kind.Zeros : Kind.Data, host);
    }

    private void Load(int table)
    {
        if (table == _l2Of)
            return;
        var offset = (long)(_l1[table] & OffsetMask);
        if (offset % _header.ClusterBytes != 0
            || offset > _fileBytes - _header.ClusterBytes
            || (_l1[table] & ~OffsetMask & ~Copied) != 0)
        {
            throw Qcow2Metadata.Damaged(
                _path,
                _header.L1Offset + (8L * table),
                $"is {_l1[table]:x}, no table of this file of {_fileBytes} bytes");
        }

        _l2Of = -1;
        ReadTable(offset, _l2);
        _l2Of = table;
    }

    private void ReadTable(long offset, ulong[] into)
    {
        var bytes = MemoryMarshal.AsBytes(into.AsSpan());
        _host.Read(offset, bytes);
        BinaryPrimitives.ReverseEndianness(into, into);
    }
}
