using NovaCow.Core;

namespace NovaCow.Storage.Inspection.Formats;

/// <summary>What a VHDX says of its disk.</summary>
internal readonly record struct VhdxDisk(ulong SizeBytes, uint BlockBytes, uint SectorBytes);

/// <summary>The metadata region of a VHDX: a table of items by id, then their values.</summary>
internal static class VhdxMetadata
{
    private const int TableBytes = 64 << 10;
    private const int HeaderBytes = 32;
    private const int EntryBytes = 32;
    private const int MaxEntries = 2047;
    private const uint RequiredBit = 4;
    private const uint HasParentBit = 2;
    private const uint MinBlockBytes = 1 << 20;
    private const uint MaxBlockBytes = 256 << 20;
    private const string Remedy = "convert it with qemu-img convert -O vhdx";

    private static readonly Guid s_fileParameters = new("caa16737-fa36-4d43-b3b6-33f0aa44e76b");
    private static readonly Guid s_diskSize = new("2fa54224-cd1b-4876-b211-5dbed83bf4b8");
    private static readonly Guid s_diskId = new("beca12ab-b2e6-4523-93ef-c309e000c746");
    private static readonly Guid s_logicalSector = new("8141bf1d-a96f-4709-ba47-f233a8faab5f");
    private static readonly Guid s_physicalSector = new("cda348c7-445d-4471-9cc9-e9885251c556");
    private static readonly Guid s_parentLocator = new("a8d35f2d-b30b-454d-abf7-d3d84834ab0c");

    // How many bytes each known item has.
    private static readonly Dictionary<Guid, int> s_known = new()
    {
        [s_fileParameters] = 8,
        [s_diskSize] = 8,
        [s_diskId] = 16,
        [s_logicalSector] = 4,
        [s_physicalSector] = 4,
    };

    public static Judgement.Refusal? FirstBroken(
        ImageBytes image,
        InspectionLimits limits,
        VhdxFormat.Region region,
        out VhdxDisk disk)
    {
        disk = default;
        var items = new Dictionary<Guid, byte[]>();
        if (Items(image, region, items) is { } broken)
            return broken;

        if (items.Count != s_known.Count)
        {
            return Broken(
                $"of the items, {string.Join(", ", s_known.Keys.Except(items.Keys))} are missing");
        }

        ReadOnlySpan<byte> parameters = items[s_fileParameters];
        if ((parameters.U32Le(4) & HasParentBit) != 0)
        {
            return InspectionRules.VhdxParent.Broken(
                $"the file parameters say that the disk is based on another file; {Remedy}");
        }

        disk = new VhdxDisk(
            ((ReadOnlySpan<byte>)items[s_diskSize]).U64Le(0),
            parameters.U32Le(0),
            ((ReadOnlySpan<byte>)items[s_logicalSector]).U32Le(0));
        if (limits.FaultOfVirtualSize(disk.SizeBytes) is { } fault)
            return InspectionRules.VirtualSize.Broken(fault);

        return disk.BlockBytes is >= MinBlockBytes and <= MaxBlockBytes
            && uint.IsPow2(disk.BlockBytes)
            && disk.SectorBytes is 512 or 4096
            && disk.SizeBytes % disk.SectorBytes == 0
            ? null
            : InspectionRules.VhdxMetadata.Broken(
                $"a disk of {disk.SizeBytes} bytes in blocks of {disk.BlockBytes} and sectors of "
                + $"{disk.SectorBytes}; {Remedy}");
    }

    private static Judgement.Refusal? Items(
        ImageBytes image, VhdxFormat.Region region, Dictionary<Guid, byte[]> items)
    {
        ReadOnlySpan<byte> table = image.Read((long)region.Offset, TableBytes);
        var entries = table.U16Le(10);
        if (!table.StartsWith("metadata"u8) || entries > MaxEntries)
            return Broken($"the table at offset {region.Offset} is not one");

        for (var i = 0; i < entries; i++)
        {
            var entry = table.Slice(HeaderBytes + (i * EntryBytes), EntryBytes);
            var id = new Guid(entry[..16]);
            var (at, length) = (entry.U32Le(16), entry.U32Le(20));
            if (id == s_parentLocator)
            {
                return InspectionRules.VhdxParent.Broken(
                    $"item {i} of the metadata says where to look for a parent; {Remedy}");
            }

            if (!s_known.TryGetValue(id, out var expected))
            {
                if ((entry.U32Le(24) & RequiredBit) != 0)
                    return Broken($"item {id} is required and unknown");

                continue;
            }

            if (length != expected || at < TableBytes || at + (ulong)length > region.Length
                || items.ContainsKey(id))
            {
                return Broken($"item {id} at {at} of {length} bytes is out of place or twice");
            }

            items[id] = image.Read((long)region.Offset + at, expected);
        }

        return null;
    }

    private static Judgement.Refusal Broken(string fault) =>
        InspectionRules.VhdxMetadata.Broken($"{fault}; {Remedy}");
}
