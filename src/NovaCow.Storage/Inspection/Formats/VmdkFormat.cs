using NovaCow.Core;

namespace NovaCow.Storage.Inspection.Formats;

/// <summary>VMDK as one file that has its own descriptor: monolithicSparse and streamOptimized.
/// </summary>
internal sealed class VmdkFormat : ImageFormat
{
    private const int Sector = ImageBytes.SectorBytes;
    private const int MaxDescriptorBytes = (1 << 20) - 1;
    private const int SearchedForParentBytes = 21 * Sector;
    private const int MaxGrainSectors = 1 << 21;
    private const string Remedy = "convert it with qemu-img convert -O vmdk";

    private static readonly Check<VmdkHeader>[] s_checks =
    [
        new(InspectionRules.VmdkHeader, h => h.Version is >= 1 and <= 3 ? null
            : $"version {h.Version} at offset 4; {Remedy}"),
        new(InspectionRules.VmdkCapacity, h => h.Capacity != 0 ? null
            : $"0 at offset 12: the descriptor would name the disk's files; {Remedy}"),
        new(InspectionRules.VirtualSize, h => h.Limits.FaultOfVirtualSize(
            h.Capacity > long.MaxValue / Sector ? ulong.MaxValue : h.Capacity * Sector)),
        new(InspectionRules.VmdkGrains, FaultOfGrains),
        new(InspectionRules.VmdkTooLarge, h =>
            h.Image.Length / Sector < h.Limits.MaxHostUnits ? null
            : $"the file has more than {h.Limits.MaxHostUnits} sectors; convert it to qcow2"),
        new(InspectionRules.VmdkDescriptorPlace, FaultOfDescriptorPlace),
        new(InspectionRules.VmdkParent, FaultOfParentHint),
        new(InspectionRules.VmdkFooter, FaultOfFooter),
    ];

    public override string Name => "vmdk";

    public override DiskFormat? Format => DiskFormat.Vmdk;

    public override bool Detects(ImageBytes image) => image.Has(0, "KDMV"u8);

    public override Judgement Judge(
        ImageBytes image, InspectionLimits limits, CancellationToken cancellationToken)
    {
        if (image.Length < Sector)
        {
            return InspectionRules.VmdkHeader.Broken(
                $"the file has {image.Length} bytes, less than a header; download it again");
        }

        var header = new VmdkHeader(image, limits, image.Read(0, Sector));
        if (s_checks.FirstBroken(header) is { } broken)
            return broken;

        var text = VmdkDescriptor.Decode(image.Read(Sector, (int)header.DescriptorBytes));
        return VmdkDescriptor.Checks.FirstBroken(text)
            ?? new VmdkWalk(header, cancellationToken).FirstBroken()
            ?? (Judgement)new Judgement.Sound((long)header.Capacity * Sector, Notes(header));
    }

    private static string[] Notes(VmdkHeader header) =>
        [$"VMDK version {header.Version}{(header.IsCompressed ? ", compressed" : "")}"];

    private static string? FaultOfGrains(VmdkHeader h)
    {
        var tablesNeeded = h.GrainSectors is 0 or > MaxGrainSectors || h.TableEntries is 0 or > 512
            ? 0
            : h.DirectoryEntries;
        return tablesNeeded != 0 && ulong.IsPow2(h.GrainSectors) ? null
            : $"grains of {h.GrainSectors} sectors at offset 20, tables of {h.TableEntries} at "
              + $"offset 44; {Remedy}";
    }

    private static string? FaultOfDescriptorPlace(VmdkHeader h) =>
        h.DescriptorSector == 1
            && h.DescriptorSectors is > 0 and <= MaxDescriptorBytes / Sector
            && h.Image.Holds(Sector, h.DescriptorBytes)
            ? null
            : $"{h.DescriptorSectors} sectors from sector {h.DescriptorSector} at offsets 28 and "
              + $"36; {Remedy}";

    // Programs look for the word in the first 20 sectors from the descriptor, wherever it stands.
    private static string? FaultOfParentHint(VmdkHeader h)
    {
        var searched = Math.Max(SearchedForParentBytes, Sector + h.DescriptorBytes);
        var bytes = h.Image.Read(0, (int)Math.Min(searched, h.Image.Length));
        var at = VmdkDescriptor.Decode(bytes)
            .IndexOf("parentFileNameHint", StringComparison.OrdinalIgnoreCase);
        return at < 0 ? null : $"parentFileNameHint stands at offset {at}; {Remedy}";
    }

    private static string? FaultOfFooter(VmdkHeader h)
    {
        if (!h.HasFooter)
            return null;

        const int FooterBytes = 3 * Sector;
        if (h.Image.Length < 4 * Sector || h.Image.Length % Sector != 0)
            return $"offset 56 asks for one, and the file ends in a sector; {Remedy}";

        ReadOnlySpan<byte> end = h.Image.Read(h.Image.Length - FooterBytes, FooterBytes);
        var isMarked = end.U32Le(8) == 0 && end.U32Le(12) == 3
            && end[16..Sector].IsZero() && end[(2 * Sector)..].IsZero();
        var footer = end.Slice(Sector, Sector);
        var isSame = footer[..56].SequenceEqual(h.Bytes.AsSpan(0, 56))
            && footer[64..].SequenceEqual(h.Bytes.AsSpan(64));
        return isMarked && isSame && footer.U64Le(56) != VmdkHeader.DirectoryAtEnd ? null
            : $"the last {FooterBytes} bytes are no marker, footer like the header, and end of "
              + $"stream; {Remedy}";
    }
}

/// <summary>The fields of a VMDK header, as they are; nothing in it has been checked.</summary>
internal sealed class VmdkHeader(ImageBytes image, InspectionLimits limits, byte[] bytes)
{
    public const ulong DirectoryAtEnd = ulong.MaxValue;

    public ImageBytes Image => image;

    public InspectionLimits Limits => limits;

    public byte[] Bytes => bytes;

    public uint Version => Field.U32Le(4);

    public uint Flags => Field.U32Le(8);

    public ulong Capacity => Field.U64Le(12);

    public ulong GrainSectors => Field.U64Le(20);

    public ulong DescriptorSector => Field.U64Le(28);

    public ulong DescriptorSectors => Field.U64Le(36);

    public uint TableEntries => Field.U32Le(44);

    public ulong RedundantDirectorySector => Field.U64Le(48);

    public bool HasFooter => Field.U64Le(56) == DirectoryAtEnd;

    public bool HasRedundantDirectory => (Flags & 2) != 0;

    public bool HasZeroGrains => (Flags & 4) != 0;

    public bool HasMarkers => (Flags & (1 << 17)) != 0;

    public bool IsCompressed => Field.U16Le(77) != 0;

    // The properties below hold once the fields that they come from have been judged.
    public long DescriptorBytes => (long)DescriptorSectors * ImageBytes.SectorBytes;

    public ulong DirectoryEntries
    {
        get
        {
            var perTable = GrainSectors * TableEntries;
            return ((Capacity - 1) / perTable) + 1;
        }
    }

    public ulong DirectorySector => HasFooter
        ? ((ReadOnlySpan<byte>)image.Read(image.Length - 1024, 512)).U64Le(56)
        : Field.U64Le(56);

    private ReadOnlySpan<byte> Field => bytes;
}
