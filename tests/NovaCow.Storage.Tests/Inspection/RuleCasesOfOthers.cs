using NovaCow.Storage.Inspection;
using static NovaCow.Storage.Inspection.InspectionRules;

namespace NovaCow.Storage.Tests.Inspection;

internal static class RuleCasesOfOthers
{
    private const int Uuid = 16;

    public static IEnumerable<RuleCase> All => [.. Vhd(), .. Vhdx(), .. VhdxItems(), .. Vdi()];

    private static IEnumerable<RuleCase> Vhd() =>
    [
        OfFixed(VhdDifferencing, "type 4 at the end", footer => footer.U32Be(60, 4)),
        OfFixed(VhdDiskType, "dynamic without a front", footer => footer.U32Be(60, 3)),
        OfFixed(VhdDiskType, "type 0", footer => footer.U32Be(60, 0)),
        OfFixed(VhdLength, "larger than the file", footer => footer.U64Be(48, 2 << 20)),
        OfFixed(VirtualSize, "VHD of nothing", footer => footer.U64Be(48, 0)),
        OfFixed(VirtualSize, "VHD over the limit", footer => footer.U64Be(48, 1UL << 60)),
        new(VhdFooter, "checksum", CraftedVhd.Fixed(),
            CraftedVhd.Fixed().U32Be((1 << 20) + 68, 1)),
        new(VhdFooter, "too short", CraftedVhd.Fixed(), CraftedVhd.Fixed()[^600..]),
        OfDynamic(VhdFooter, "copies differ", all: image => image.U32Be(24, 1)),
        new(VhdFooter, "cut short", CraftedVhd.Dynamic(), CraftedVhd.Dynamic()[..^512]),
        OfDynamic(VhdDifferencing, "type 4", footer: footer => footer.U32Be(60, 4)),
        OfDynamic(VhdDiskType, "fixed with a front", footer: footer => footer.U32Be(60, 2)),
        OfDynamic(VhdDifferencing, "parent's id", header: header => header.Put(40, 1)),
        OfDynamic(VhdDifferencing, "parent's name", header: header => header.Put(65, 0x2f)),
        OfDynamic(VhdDifferencing, "parent's place", header: header => header.Put(576, 1)),
        OfDynamic(VhdDynamicHeader, "nowhere", footer: footer => footer.U64Be(16, 1UL << 63)),
        OfDynamic(VhdDynamicHeader, "no magic", header: header => header.Put(0, 0)),
        OfDynamic(VhdDynamicHeader, "checksum", all: image => image.Put(512 + 1000, 1)),
        OfDynamic(VhdDynamicHeader, "no block", header: header => header.U32Be(32, 0)),
        OfDynamic(VhdDynamicHeader, "odd block", header: header => header.U32Be(32, 65535)),
        OfDynamic(VhdDynamicHeader, "too few", header: header => header.U32Be(28, 15)),
        OfDynamic(VhdMap, "table past the end", header: header => header.U64Be(16, 1UL << 62)),
        OfDynamic(VhdMap, "table over the header", header: header => header.U64Be(16, 512)),
        OfDynamic(VhdMap, "block past the end", all: image => image.U32Be(CraftedVhd.Table, 6)),
        OfDynamic(VhdMap, "block over the table", all: image =>
            image.U32Be(CraftedVhd.Table + 4, 3)),
        OfDynamic(VhdMap, "block twice", all: image => image.U32Be(CraftedVhd.Table, 4)),
        OfDynamic(VhdMap, "too many sectors") with { Limits = new() { MaxHostUnits = 9 } },
        OfDynamic(VhdMap, "table too long") with { Limits = new() { MaxMappingBytes = 9 } },
    ];

    private static IEnumerable<RuleCase> Vhdx() =>
    [
        new(VhdxHeader, "cut short", CraftedVhdx.Image(), CraftedVhdx.Image()[..(1 << 19)]),
        new(VhdxHeader, "checksums", CraftedVhdx.Image(), CraftedVhdx.Image()
            .Put(CraftedVhdx.Slot + 100, 1).Put((2 * CraftedVhdx.Slot) + 100, 1)),
        OfVhdx(VhdxHeader, "version", image =>
            image.U16Le(CraftedVhdx.Slot + 66, 2).U16Le((2 * CraftedVhdx.Slot) + 66, 2)),
        OfVhdx(VhdxHeader, "equal sequence", image =>
            image.U64Le(CraftedVhdx.Slot + 8, 2).Put(CraftedVhdx.Slot + 16, 1)),
        OfVhdx(VhdxLog, "to replay", image => image.Put((2 * CraftedVhdx.Slot) + 48, 1)),
        new(VhdxRegions, "checksum", CraftedVhdx.Image(),
            CraftedVhdx.Image().Put(CraftedVhdx.RegionTable + 1000, 1)),
        new(VhdxRegions, "copies differ", CraftedVhdx.Image(),
            CraftedVhdx.Image().Put((4 * CraftedVhdx.Slot) + 1000, 1)),
        OfVhdx(VhdxRegions, "too many", image => image.U32Le(CraftedVhdx.RegionTable + 8, 2048)),
        OfVhdx(VhdxRegions, "one missing", image => image.U32Le(CraftedVhdx.RegionTable + 8, 1)),
        OfVhdx(VhdxRegions, "twice", image =>
            image.Put(CraftedVhdx.Region1, image.AsSpan(CraftedVhdx.Region0, 32))),
        OfVhdx(VhdxRegions, "past the end", image =>
            image.U64Le(CraftedVhdx.Region1 + 16, 5 << 20)),
        OfVhdx(VhdxRegions, "unaligned", image =>
            image.U64Le(CraftedVhdx.Region1 + 16, CraftedVhdx.Metadata + 512)),
        OfVhdx(VhdxRegions, "over the log", image =>
            image.U64Le(CraftedVhdx.Region1 + 16, CraftedVhdx.MiB)),
        OfVhdx(VhdxRegions, "log over the headers", image =>
            image.U64Le((2 * CraftedVhdx.Slot) + 72, 0)),
        OfVhdx(VhdxRegions, "unknown and required", image =>
            image.Put(CraftedVhdx.Region0, new byte[Uuid])),
        OfVhdx(VhdxMap, "block past the end", image =>
            image.U64Le(CraftedVhdx.BlockTable, (5UL << 20) | 6)),
        OfVhdx(VhdxMap, "block twice", image =>
            image.U64Le(CraftedVhdx.BlockTable, CraftedVhdx.Block | 6)),
        OfVhdx(VhdxMap, "block over metadata", image =>
            image.U64Le(CraftedVhdx.BlockTable, CraftedVhdx.Metadata | 6)),
        OfVhdx(VhdxMap, "partly present", image =>
            image.U64Le(CraftedVhdx.BlockTable, CraftedVhdx.Block | 7)),
        OfVhdx(VhdxMap, "reserved bits", image => image.U64Le(CraftedVhdx.BlockTable, 8)),
        OfVhdx(VhdxMap, "table too short", image =>
            image.U64Le(CraftedVhdx.Values + 16, 1UL << 40)),
        OfVhdx(VhdxMap, "too large", _ => { }) with { Limits = new() { MaxHostUnits = 3 } },
    ];

    private static IEnumerable<RuleCase> VhdxItems() =>
    [
        OfVhdx(VhdxMetadata, "no table", image => image.Put(CraftedVhdx.Metadata, 0)),
        OfVhdx(VhdxMetadata, "too many", image => image.U16Le(CraftedVhdx.Metadata + 10, 2048)),
        OfVhdx(VhdxMetadata, "one missing", image => image.U16Le(CraftedVhdx.Metadata + 10, 4)),
        OfVhdx(VhdxMetadata, "twice", image =>
            image.Item("caa16737-fa36-4d43-b3b6-33f0aa44e76b", 8)),
        OfVhdx(VhdxMetadata, "unknown and required", image =>
            image.Item("00000000-0000-0000-0000-000000000001", 8)),
        OfVhdx(VhdxMetadata, "leaves the region", image =>
            image.U32Le(CraftedVhdx.FileParameters + 16, (1 << 20) - 4)),
        OfVhdx(VhdxMetadata, "of other length", image =>
            image.U32Le(CraftedVhdx.FileParameters + 20, 4)),
        OfVhdx(VhdxMetadata, "small block", image => image.U32Le(CraftedVhdx.Values, 4096)),
        OfVhdx(VhdxMetadata, "odd block", image => image.U32Le(CraftedVhdx.Values, 3 << 20)),
        OfVhdx(VhdxMetadata, "sector", image => image.U32Le(CraftedVhdx.Values + 48, 1024)),
        OfVhdx(VhdxMetadata, "odd size", image => image.U64Le(CraftedVhdx.Values + 16, 1000)),
        OfVhdx(VirtualSize, "VHDX over the limit", image =>
            image.U64Le(CraftedVhdx.Values + 16, 1UL << 60)),
        OfVhdx(VhdxParent, "by its bit", image => image.U32Le(CraftedVhdx.Values + 4, 2)),
        OfVhdx(VhdxParent, "by its locator", image =>
            image.Item("a8d35f2d-b30b-454d-abf7-d3d84834ab0c", 20)),
    ];

    private static IEnumerable<RuleCase> Vdi() =>
    [
        OfVdi(VdiHeader, "cut short", image => image[..511]),
        OfVdi(VdiHeader, "version", image => image.U32Le(0x44, 0x10000)),
        OfVdi(VdiHeader, "sector", image => image.U32Le(0x168, 4096)),
        OfVdi(VdiHeader, "block", image => image.U32Le(0x178, 4096)),
        OfVdi(VdiHeader, "unaligned map", image => image.U32Le(0x154, 513)),
        OfVdi(VdiHeader, "map over the header", image => image.U32Le(0x154, 0)),
        OfVdi(VdiHeader, "data over the map", image => image.U32Le(0x158, 512)),
        OfVdi(VdiHeader, "too few blocks", image => image.U32Le(0x180, 1)),
        OfVdi(VdiImageType, "3", image => image.U32Le(0x4c, 3)),
        OfVdi(VdiImageType, "0", image => image.U32Le(0x4c, 0)),
        OfVdi(VdiDifferencing, "type 4", image => image.U32Le(0x4c, 4)),
        OfVdi(VdiDifferencing, "link", image => image.Put(0x1a8, 1)),
        OfVdi(VdiDifferencing, "parent", image => image.Put(0x1c7, 1)),
        OfVdi(VirtualSize, "VDI over the limit", image => image.U64Le(0x170, 1UL << 60)),
        OfVdi(VdiMap, "past the end", image => image.U32Le(CraftedVdi.Map + 4, 1)),
        OfVdi(VdiMap, "twice", image => image.U32Le(CraftedVdi.Map + 4, 0)),
        OfVdi(VdiMap, "map leaves the file", image =>
            image.U32Le(0x154, 1 << 20).U32Le(0x158, 2 << 20).U32Le(0x180, 1 << 10)),
        OfVdi(VdiMap, "too many", image => image) with { Limits = new() { MaxHostUnits = 1 } },
    ];

    private static RuleCase OfFixed(InspectionRule rule, string flaw, Action<byte[]> footer) =>
        new(rule, flaw, CraftedVhd.Fixed(), CraftedVhd.Fixed(footer));

    private static RuleCase OfDynamic(
        InspectionRule rule,
        string flaw,
        Action<byte[]>? footer = null,
        Action<byte[]>? header = null,
        Action<byte[]>? all = null) =>
        new(rule, flaw, CraftedVhd.Dynamic(), CraftedVhd.Dynamic(footer, header, all));

    private static RuleCase OfVhdx(InspectionRule rule, string flaw, Action<byte[]> change) =>
        new(rule, flaw, CraftedVhdx.Image(), CraftedVhdx.Image(change));

    private static RuleCase OfVdi(InspectionRule rule, string flaw, Func<byte[], byte[]> spoil) =>
        new(rule, flaw, CraftedVdi.Image(), spoil(CraftedVdi.Image()));
}
