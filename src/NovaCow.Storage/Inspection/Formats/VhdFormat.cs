using NovaCow.Core;

namespace NovaCow.Storage.Inspection.Formats;

/// <summary>VHD: a fixed disk has its footer behind the data, so that it looks raw from the start;
/// a dynamic one has a copy in front.</summary>
internal sealed class VhdFormat : ImageFormat
{
    private const int Sector = ImageBytes.SectorBytes;
    private const uint Fixed = 2;
    private const uint Dynamic = 3;
    private const uint Differencing = 4;
    private const int DynamicHeaderBytes = 1024;
    private const uint Unallocated = uint.MaxValue;
    private const uint MinBlockBytes = 4 << 10;
    private const uint MaxBlockBytes = 256 << 20;
    private const string Remedy = "convert it with qemu-img convert -O vpc";

    // The most that the geometry's three fields can say; what has it is sized by its footer.
    private const long MaxGeometrySectors = 65535L * 16 * 255;

    public override string Name => "vhd";

    public override DiskFormat? Format => DiskFormat.Vhd;

    public override bool Detects(ImageBytes image) =>
        image.Has(0, "conectix"u8) || image.Has(image.Length - Sector, "conectix"u8);

    public override Judgement Judge(
        ImageBytes image, InspectionLimits limits, CancellationToken cancellationToken)
    {
        if (image.Length < 2 * Sector)
        {
            return InspectionRules.VhdFooter.Broken(
                $"the file has {image.Length} bytes; download it again");
        }

        ReadOnlySpan<byte> footer = image.Read(image.Length - Sector, Sector);
        if (FaultOfFooter(image, footer) is { } broken)
            return broken;

        var size = VirtualSize(footer);
        if (limits.FaultOfVirtualSize(size) is { } fault)
            return InspectionRules.VirtualSize.Broken(fault);

        var refusal = footer.U32Be(60) == Fixed
            ? FaultOfFixed(image, size)
            : FaultOfDynamic(image, limits, footer.U64Be(16), size, cancellationToken);
        return refusal ?? (Judgement)new Judgement.Sound((long)size, Notes(footer, size));
    }

    private static Judgement.Refusal? FaultOfFooter(ImageBytes image, ReadOnlySpan<byte> footer)
    {
        var isInFront = image.Has(0, "conectix"u8);
        if (!footer.StartsWith("conectix"u8) || (isInFront && !image.Has(0, footer)))
        {
            return InspectionRules.VhdFooter.Broken(
                "the last 512 bytes are not the footer, or not like the one in front; download "
                + "it again");
        }

        if (!Checksum(footer, 64))
        {
            return InspectionRules.VhdFooter.Broken(
                $"the checksum at 64 of the last 512 bytes does not hold; {Remedy}");
        }

        return (footer.U32Be(60), isInFront) switch
        {
            (Fixed, false) or (Dynamic, true) => null,
            (Differencing, _) => InspectionRules.VhdDifferencing.Broken(
                $"disk type 4 at 60 of the footer: it is based on another file; {Remedy}"),
            var (type, _) => InspectionRules.VhdDiskType.Broken(
                $"disk type {type} at 60 of the footer, which is "
                + $"{(isInFront ? "also in front" : "only at the end")}; {Remedy}"),
        };
    }

    private static Judgement.Refusal? FaultOfFixed(ImageBytes image, ulong size) =>
        image.Holds(0, size) && size <= (ulong)(image.Length - Sector) ? null
            : InspectionRules.VhdLength.Broken(
                $"a disk of {size} bytes in a file of {image.Length}; download it again");

    private static Judgement.Refusal? FaultOfDynamic(
        ImageBytes image,
        InspectionLimits limits,
        ulong headerOffset,
        ulong size,
        CancellationToken cancellationToken)
    {
        if (headerOffset < Sector || !image.Holds(headerOffset, DynamicHeaderBytes))
        {
            return InspectionRules.VhdDynamicHeader.Broken(
                $"it lies at {headerOffset} by 16 of the footer; {Remedy}");
        }

        ReadOnlySpan<byte> header = image.Read((long)headerOffset, DynamicHeaderBytes);
        var (entries, blockBytes) = (header.U32Be(28), header.U32Be(32));
        if (!header.StartsWith("cxsparse"u8)
            || !Checksum(header, 36)
            || !uint.IsPow2(blockBytes) || blockBytes is < MinBlockBytes or > MaxBlockBytes
            || (ulong)entries * blockBytes < size)
        {
            return InspectionRules.VhdDynamicHeader.Broken(
                $"at offset {headerOffset}: no checksum that holds, or {entries} blocks of "
                + $"{blockBytes} bytes for a disk of {size}; {Remedy}");
        }

        // Who made it, when, its name and eight places where to look for it.
        if (!header[40..60].IsZero() || !header[64..768].IsZero())
        {
            return InspectionRules.VhdDifferencing.Broken(
                $"the header at offset {headerOffset} names a parent; {Remedy}");
        }

        var fault = FaultOfMap(image, limits, (long)headerOffset, header, cancellationToken);
        return fault is null ? null : InspectionRules.VhdMap.Broken($"{fault}; {Remedy}");
    }

    private static string? FaultOfMap(
        ImageBytes image,
        InspectionLimits limits,
        long headerOffset,
        ReadOnlySpan<byte> header,
        CancellationToken cancellationToken)
    {
        var (tableOffset, entries) = (header.U64Be(16), header.U32Be(28));
        var units = (image.Length / Sector) + 1;
        if (units > limits.MaxHostUnits)
            return $"the file has more than {limits.MaxHostUnits} sectors";

        if (!image.Holds(tableOffset, entries * 4UL))
            return $"the table of {entries} blocks at offset {tableOffset} leaves the file";

        // Each block starts with a bitmap of its sectors, in whole sectors.
        var blockBytes = (long)header.U32Be(32);
        var blockSectors = (blockBytes / Sector)
            + (((blockBytes / (8 * Sector)) + Sector - 1) / Sector);
        var map = new UnitMap(units);
        if (!map.TryTake(0)
            || !map.TryTake(headerOffset / Sector, DynamicHeaderBytes / Sector)
            || !map.TryTake((long)tableOffset / Sector, ((entries * 4L) + Sector - 1) / Sector))
        {
            return $"the table at offset {tableOffset} is over a header";
        }

        return new MapTable("block table", (long)tableOffset, entries, 4, IsBigEndian: true)
            .FirstFault(
                image,
                limits,
                (sector, at) => sector == Unallocated
                    || (image.Holds((long)sector * Sector, blockSectors * Sector)
                        && map.TryTake((long)sector, blockSectors))
                    ? null
                    : $"the block at sector {sector}, named at offset {at}, leaves the file or is "
                      + "over other data",
                cancellationToken);
    }

    /// <summary>The size that qemu will show: by geometry, except for those creators that are
    /// known to give the size itself.</summary>
    private static ulong VirtualSize(ReadOnlySpan<byte> footer)
    {
        var sectors = (long)footer.U16Be(56) * footer[58] * footer[59];
        var creator = footer.Slice(28, 4);
        var isSized = creator.SequenceEqual("win "u8) || creator.SequenceEqual("qem2"u8)
            || creator.SequenceEqual("d2v "u8) || creator.SequenceEqual("tap\0"u8)
            || creator.SequenceEqual("CTXS"u8) || sectors == MaxGeometrySectors;
        return isSized ? footer.U64Be(48) / Sector * Sector : (ulong)sectors * Sector;
    }

    private static string[] Notes(ReadOnlySpan<byte> footer, ulong size)
    {
        var kind = footer.U32Be(60) == Fixed ? "fixed VHD" : "dynamic VHD";
        return footer.U64Be(48) <= size
            ? [kind]
            : [kind, $"its geometry shows {size} of {footer.U64Be(48)} bytes"];
    }

    /// <summary>A checksum is the complement of the sum of all bytes but its own four.</summary>
    private static bool Checksum(ReadOnlySpan<byte> bytes, int at)
    {
        var sum = 0u;
        for (var i = 0; i < bytes.Length; i++)
            sum += i >= at && i < at + 4 ? 0u : bytes[i];

        return ~sum == bytes.U32Be(at);
    }
}
