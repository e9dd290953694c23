using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace NovaCow.Storage.Inspection.Formats;

/// <summary>
/// The walk of an image's tables: refcount table, L1, and every L2. Each host cluster that one of
/// them points at is taken once; metadata is taken first, so that no mapping can reach it.
/// </summary>
internal sealed class Qcow2Walk(Qcow2Fields header, CancellationToken cancellationToken)
{
    private const ulong OffsetMask = 0x00ff_ffff_ffff_fe00;
    private const ulong CopiedBit = 1UL << 63;
    private const ulong CompressedBit = 1UL << 62;
    private const ulong ZeroBit = 1;
    private const ulong RefcountReservedMask = 0x1ff;
    private const string Remedy = "the image is damaged or forged: rewrite it with qemu-img";

    private readonly ImageBytes _image = header.Image;
    private readonly int _clusterBits = (int)header.ClusterBits;
    private readonly UnitMap _map = new(header.HostClusters);
    private readonly byte[] _l2 = new byte[header.ClusterBytes];

    private readonly long _maxExpandedBytes =
        header.Limits.MaxExpandedBytes(header.Image.Length);

    private long _mappingBytes;
    private long _expandedBytes;

    /// <summary>Walks the tables; the header has passed its own rules.</summary>
    public Judgement.Refusal? FirstBroken()
    {
        if (!TakeTables())
        {
            return InspectionRules.Qcow2Overlap.Broken(
                $"the header, the L1 table at {header.L1Offset} and the refcount table at "
                + $"{header.RefcountTableOffset} overlap; {Remedy}");
        }

        return Each(
                (long)header.RefcountTableOffset,
                (long)header.RefcountTableClusters << _clusterBits,
                new byte[header.ClusterBytes],
                TakeRefcountBlock)
            ?? Each(
                (long)header.L1Offset,
                header.L1Entries * 8L,
                new byte[header.ClusterBytes],
                WalkL1Entry);
    }

    private bool TakeTables()
    {
        var l1Clusters = ((header.L1Entries * 8L) + header.ClusterBytes - 1) >> _clusterBits;
        return _map.TryTake(0)
            && _map.TryTake((long)header.L1Offset >> _clusterBits, l1Clusters)
            && _map.TryTake(
                (long)header.RefcountTableOffset >> _clusterBits, header.RefcountTableClusters);
    }

    /// <summary>Calls for each entry that is not zero; tables are mostly zeros.</summary>
    private Judgement.Refusal? Each(
        long offset, long bytes, byte[] buffer, Func<ulong, long, Judgement.Refusal?> visit)
    {
        for (var done = 0L; done < bytes; done += buffer.Length)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var chunk = buffer.AsSpan(0, (int)Math.Min(buffer.Length, bytes - done));
            _image.ReadInto(offset + done, chunk);
            var entries = MemoryMarshal.Cast<byte, ulong>(chunk);
            for (var i = NextUsed(entries, 0); i < entries.Length; i = NextUsed(entries, i + 1))
            {
                var entry = BinaryPrimitives.ReverseEndianness(entries[i]);
                if (visit(entry, offset + done + (i * 8L)) is { } refusal)
                    return refusal;
            }
        }

        return null;
    }

    private static int NextUsed(ReadOnlySpan<ulong> entries, int from)
    {
        var next = entries[from..].IndexOfAnyExcept(0UL);
        return next < 0 ? entries.Length : from + next;
    }

    private Judgement.Refusal? TakeRefcountBlock(ulong entry, long at)
    {
        if ((entry & RefcountReservedMask) != 0)
            return ReservedBits("refcount table", entry, at);

        return TakeWhole(entry, "refcount table", at);
    }

    private Judgement.Refusal? WalkL1Entry(ulong entry, long at)
    {
        if ((entry & ~(OffsetMask | CopiedBit)) != 0 || entry == CopiedBit)
            return ReservedBits("L1", entry, at);

        var offset = entry & OffsetMask;
        if (TakeWhole(offset, "L1", at) is { } refusal)
            return refusal;

        _mappingBytes += header.ClusterBytes;
        if (_mappingBytes > header.Limits.MaxMappingBytes)
        {
            return InspectionRules.Qcow2TooMuchMapping.Broken(
                $"the L2 tables have more than {header.Limits.MaxMappingBytes} bytes; convert it "
                + "with -o cluster_size=65536");
        }

        return Each((long)offset, header.ClusterBytes, _l2, VisitL2Entry);
    }

    private Judgement.Refusal? VisitL2Entry(ulong entry, long at)
    {
        if ((entry & CompressedBit) != 0)
            return VisitCompressed(entry, at);

        var known = OffsetMask | CopiedBit | (header.Version == 3 ? ZeroBit : 0);
        if ((entry & ~known) != 0 || (entry & (OffsetMask | CopiedBit)) == CopiedBit)
            return ReservedBits("L2", entry, at);

        var offset = entry & OffsetMask;
        return offset == 0 ? null : TakeData(offset, at);
    }

    private Judgement.Refusal? VisitCompressed(ulong entry, long at)
    {
        if ((entry & CopiedBit) != 0)
            return ReservedBits("L2", entry, at);

        // A compressed entry has the offset in its low bits and, above them, how many sectors of
        // 512 bytes the data touches beyond the first.
        var offsetBits = 62 - (_clusterBits - 8);
        var offset = entry & ((1UL << offsetBits) - 1);
        var moreSectors = (entry & (CompressedBit - 1)) >> offsetBits;
        var last = (offset & ~511UL) + (moreSectors << 9);
        if (last >= (ulong)_image.Length)
            return OutsideFile("L2", last, at);

        if (!_map.TryShare((long)(offset >> _clusterBits), (long)(last >> _clusterBits)))
            return UsedTwice(offset, "L2", at);

        _expandedBytes += header.ClusterBytes;
        return _expandedBytes <= _maxExpandedBytes ? null : InspectionRules.Qcow2Expansion.Broken(
            $"compressed clusters unfold to more than {_maxExpandedBytes} bytes, from a file of "
            + $"{_image.Length}; convert it without -c");
    }

    // The last data cluster may be cut short: the disk's end can lie in it.
    private Judgement.Refusal? TakeData(ulong offset, long at)
    {
        if (!header.IsAligned(offset))
            return Unaligned(offset, "L2", at);

        if (offset >= (ulong)_image.Length)
            return OutsideFile("L2", offset, at);

        return _map.TryTake((long)(offset >> _clusterBits)) ? null : UsedTwice(offset, "L2", at);
    }

    private Judgement.Refusal? TakeWhole(ulong offset, string table, long at)
    {
        if (!header.IsAligned(offset))
            return Unaligned(offset, table, at);

        if (!_image.Holds(offset, (ulong)header.ClusterBytes))
            return OutsideFile(table, offset, at);

        return _map.TryTake((long)(offset >> _clusterBits)) ? null : UsedTwice(offset, table, at);
    }

    private static Judgement.Refusal ReservedBits(string table, ulong entry, long at) =>
        InspectionRules.Qcow2ReservedBits.Broken(
            $"the {table} entry 0x{entry:x16} at offset {at} has them set; {Remedy}");

    private static Judgement.Refusal Unaligned(ulong offset, string table, long at) =>
        InspectionRules.Qcow2Alignment.Broken(
            $"the {table} entry at offset {at} points at {offset}, inside a cluster; {Remedy}");

    private static Judgement.Refusal OutsideFile(string table, ulong offset, long at) =>
        InspectionRules.Qcow2OutsideFile.Broken(
            $"the {table} entry at offset {at} points at {offset}, past the end; download it "
            + "again, and if that does not help, rewrite it with qemu-img convert");

    private static Judgement.Refusal UsedTwice(ulong offset, string table, long at) =>
        InspectionRules.Qcow2Overlap.Broken(
            $"the {table} entry at offset {at} points at {offset}, which has another use; "
            + Remedy);
}
