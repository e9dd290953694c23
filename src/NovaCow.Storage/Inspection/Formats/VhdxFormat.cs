using System.Numerics;
using NovaCow.Core;

namespace NovaCow.Storage.Inspection.Formats;

/// <summary>VHDX: two headers of which one is current, two equal region tables, and the regions of
/// the block table and of the metadata. A log that would have to be replayed is refused, for that
/// would change the file.</summary>
internal sealed class VhdxFormat : ImageFormat
{
    private const int Slot = 64 << 10;
    private const int HeaderBytes = 4096;
    private const int RegionTable = 3 * Slot;
    private const int RegionTableCopy = 4 * Slot;
    private const int MiB = 1 << 20;
    private const int MaxEntries = 2047;
    private const int EntryBytes = 32;
    private const uint Required = 1;
    private const string Remedy = "convert it with qemu-img convert -O vhdx";

    private static readonly Guid s_blockTable = new("2dc27766-f623-4200-9d64-115e9bfd4a08");
    private static readonly Guid s_metadata = new("8b7ca206-4790-4b9a-b8fe-575f050f886e");

    public override string Name => "vhdx";

    public override DiskFormat? Format => DiskFormat.Vhdx;

    public override bool Detects(ImageBytes image) => image.Has(0, "vhdxfile"u8);

    public override Judgement Judge(
        ImageBytes image, InspectionLimits limits, CancellationToken cancellationToken)
    {
        if (image.Length < MiB)
        {
            return InspectionRules.VhdxHeader.Broken(
                $"the file has {image.Length} bytes, less than its headers; download it again");
        }

        if (CurrentHeader(image) is not { } header)
        {
            return InspectionRules.VhdxHeader.Broken(
                $"neither that at offset {Slot} nor that at {2 * Slot} is whole; {Remedy}");
        }

        if (!header.AsSpan(48, 16).SequenceEqual(new byte[16]))
        {
            return InspectionRules.VhdxLog.Broken(
                "the current header names a log to replay; open and close the disk where it was "
                + $"made, or {Remedy}");
        }

        if (image.Length / MiB > limits.MaxHostUnits - 2)
            return InspectionRules.VhdxMap.Broken($"the file has {image.Length} bytes; {Remedy}");

        var blocks = new UnitMap((image.Length / MiB) + 2);
        return Regions(image, header, blocks, out var table, out var metadata)
            ?? VhdxMetadata.FirstBroken(image, limits, metadata, out var disk)
            ?? FaultOfMap(image, limits, blocks, table, disk, cancellationToken)
            ?? (Judgement)new Judgement.Sound((long)disk.SizeBytes, Notes(disk));
    }

    private static string[] Notes(VhdxDisk disk) => disk.SectorBytes == 512 ? ["VHDX"]
        : ["VHDX", $"made for sectors of {disk.SectorBytes} bytes; guests will see 512"];

    private static byte[]? CurrentHeader(ImageBytes image)
    {
        var first = WholeHeader(image, Slot);
        var second = WholeHeader(image, 2 * Slot);
        if (first is null || second is null)
            return first ?? second;

        var (a, b) = (Sequence(first), Sequence(second));
        if (a == b)
            return first.AsSpan().SequenceEqual(second) ? first : null;

        return a > b ? first : second;
    }

    private static ulong Sequence(ReadOnlySpan<byte> header) => header.U64Le(8);

    private static byte[]? WholeHeader(ImageBytes image, int at)
    {
        var bytes = image.Read(at, HeaderBytes);
        ReadOnlySpan<byte> header = bytes;
        return header.StartsWith("head"u8) && HasChecksum(header) && header.U16Le(66) == 1
            ? bytes
            : null;
    }

    /// <summary>CRC-32C over all bytes, its own four at 4 taken as zero.</summary>
    internal static bool HasChecksum(ReadOnlySpan<byte> bytes) =>
        Checksum(bytes) == bytes.U32Le(4);

    internal static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var crc = BitOperations.Crc32C(uint.MaxValue, bytes.U32Le(0));
        crc = BitOperations.Crc32C(crc, 0u);
        for (var i = 8; i < bytes.Length; i += 8)
            crc = BitOperations.Crc32C(crc, bytes.U64Le(i));

        return ~crc;
    }

    private static Judgement.Refusal? Regions(
        ImageBytes image, byte[] header, UnitMap blocks, out Region table, out Region metadata)
    {
        (table, metadata) = (default, default);
        var fault = FaultOfRegions(image, header, blocks, ref table, ref metadata);
        return fault is null ? null : InspectionRules.VhdxRegions.Broken($"{fault}; {Remedy}");
    }

    private static string? FaultOfRegions(
        ImageBytes image, ReadOnlySpan<byte> header, UnitMap blocks, ref Region table,
        ref Region metadata)
    {
        ReadOnlySpan<byte> bytes = image.Read(RegionTable, Slot);
        var entries = bytes.U32Le(8);
        if (!bytes.StartsWith("regi"u8) || !HasChecksum(bytes) || entries > MaxEntries
            || !image.Has(RegionTableCopy, bytes))
        {
            return $"that at offset {RegionTable} is not whole, or its copy differs";
        }

        var log = new Region(header.U64Le(72), header.U32Le(68));
        blocks.TryTake(0);
        if (log.Length != 0 && !log.TryTake(image, blocks))
            return $"the log at {log.Offset} leaves the file or is over the headers";

        for (var i = 0; i < entries; i++)
        {
            var entry = bytes.Slice(16 + (i * EntryBytes), EntryBytes);
            var id = new Guid(entry[..16]);
            var region = new Region(entry.U64Le(16), entry.U32Le(24));
            if (!region.TryTake(image, blocks))
                return $"the region at {region.Offset} leaves the file or is over another";

            if (id == s_blockTable)
                table = region;
            else if (id == s_metadata)
                metadata = region;
            else if ((entry.U32Le(28) & Required) != 0)
                return $"the region {id} is required and unknown";
        }

        return table.Length != 0 && metadata.Length != 0 ? null
            : "the block table or the metadata is missing";
    }

    private static Judgement.Refusal? FaultOfMap(
        ImageBytes image,
        InspectionLimits limits,
        UnitMap blocks,
        Region table,
        VhdxDisk disk,
        CancellationToken cancellationToken)
    {
        var dataBlocks = (long)((disk.SizeBytes + disk.BlockBytes - 1) / disk.BlockBytes);
        var chunkRatio = (long)((1UL << 23) * disk.SectorBytes / disk.BlockBytes);
        var entries = dataBlocks + ((dataBlocks - 1) / chunkRatio);
        var index = 0L;
        var fault = entries > table.Length / 8
            ? $"the block table of {table.Length} bytes has no room for {entries} entries"
            : new MapTable("block table", (long)table.Offset, entries, 8, IsBigEndian: false)
                .FirstFault(
                    image,
                    limits,
                    (entry, at) => FaultOfEntry(
                        image, blocks, disk, (++index % (chunkRatio + 1)) == 0, entry, at),
                    cancellationToken);
        return fault is null ? null : InspectionRules.VhdxMap.Broken($"{fault}; {Remedy}");
    }

    // Between the entries of each chunk's blocks stands one for its sector bitmap, which only a
    // disk with a parent uses.
    private static string? FaultOfEntry(
        ImageBytes image, UnitMap blocks, VhdxDisk disk, bool isBitmap, ulong entry, long at)
    {
        const ulong StateMask = 7;
        const ulong ReservedMask = 0xf_fff8;
        const ulong LastUnallocated = 3;
        const ulong Present = 6;
        var state = entry & StateMask;
        if ((entry & ReservedMask) != 0 || (isBitmap && state != 0)
            || (state > LastUnallocated && state != Present))
        {
            return $"the entry 0x{entry:x16} at offset {at} has no possible state";
        }

        if (state != Present)
            return null;

        // The last block may be cut short where the disk ends.
        var offset = entry & ~(StateMask | ReservedMask);
        var held = offset < (ulong)image.Length
            ? Math.Min(disk.BlockBytes, (ulong)image.Length - offset)
            : 0;
        return held > 0 && new Region(offset, (uint)held).TryTakePart(blocks) ? null
            : $"the block at {offset}, named at offset {at}, leaves the file or is over other data";
    }

    internal readonly record struct Region(ulong Offset, uint Length)
    {
        public bool TryTake(ImageBytes image, UnitMap blocks) =>
            Offset >= MiB && Offset % MiB == 0 && Length % MiB == 0 && Length != 0
            && image.Holds(Offset, Length) && TryTakePart(blocks);

        public bool TryTakePart(UnitMap blocks) =>
            blocks.TryTake((long)(Offset / MiB), ((long)Length + MiB - 1) / MiB);
    }
}
