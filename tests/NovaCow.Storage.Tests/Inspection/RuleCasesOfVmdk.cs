using NovaCow.Storage.Inspection;
using static NovaCow.Storage.Inspection.InspectionRules;
using static NovaCow.Storage.Tests.Inspection.CraftedVmdk;

namespace NovaCow.Storage.Tests.Inspection;

internal static class RuleCasesOfVmdk
{
    public static IEnumerable<RuleCase> All =>
        [.. Header(), .. Described(), .. Footers(), .. Walk()];

    private static IEnumerable<RuleCase> Header() =>
    [
        Of(VmdkHeader, "only the magic", image => image[..4]),
        Of(VmdkHeader, "version 0", image => image.U32Le(4, 0)),
        Of(VmdkHeader, "version 4", image => image.U32Le(4, 4)),
        Of(VmdkCapacity, "0", image => image.U64Le(12, 0)),
        Of(VirtualSize, "VMDK over the limit", image => image.U64Le(12, (32UL << 30) + 1)),
        Of(VirtualSize, "VMDK that wraps around", image => image.U64Le(12, 1UL << 55)),
        Of(VmdkGrains, "no grain", image => image.U64Le(20, 0)),
        Of(VmdkGrains, "odd grain", image => image.U64Le(20, 7)),
        Of(VmdkGrains, "huge grain", image => image.U64Le(20, 1UL << 63)),
        Of(VmdkGrains, "no table", image => image.U32Le(44, 0)),
        Of(VmdkGrains, "long table", image => image.U32Le(44, 513)),
        Of(VmdkDescriptorPlace, "sector 2", image => image.U64Le(28, 2)),
        Of(VmdkDescriptorPlace, "wraps around", image => image.U64Le(28, (1UL << 55) + 1)),
        Of(VmdkDescriptorPlace, "none", image => image.U64Le(36, 0)),
        Of(VmdkDescriptorPlace, "1 MiB", image => image.U64Le(36, 2048)),
        Of(VmdkDescriptorPlace, "leaves the file", image => image.U64Le(36, 40)),
        Of(VmdkTooLarge, "sectors", image => image) with { Limits = new() { MaxHostUnits = 9 } },
        Of(VmdkTooLarge, "tables", image => image) with { Limits = new() { MaxMappingBytes = 9 } },
    ];

    private static IEnumerable<RuleCase> Described() =>
    [
        Of(VmdkParent, "named", image => image.Saying("CID=ffffffff\n",
            "CID=ffffffff\nparentFileNameHint=\"/etc/shadow\"\n")),
        Of(VmdkParent, "named in a comment", image => image.Saying("# Extent description",
            "# parentFileNameHint=\"/etc/shadow\"")),
        Of(VmdkParent, "named behind the text", image =>
            image.Put(20 * Sector, "parentFileNameHint=\"x\""u8)),
        Of(VmdkParent, "by its id", image => image.Saying("CID=ffffffff", "CID=01234567")),
        Of(VmdkCreateType, "none", image =>
            image.Saying("createType=\"monolithicSparse\"", "")),
        Of(VmdkCreateType, "flat", image => image.Saying("monolithicSparse", "monolithicFlat")),
        Of(VmdkCreateType, "other case", image =>
            image.Saying("monolithicSparse", "monolithicsparse")),
        Of(VmdkCreateType, "twice", image => image.Saying("# Extent",
            "createType=\"monolithicSparse\"\n# Extent")),
        Of(VmdkCreateType, "again in a comment", image => image.Saying("# Extent",
            "# createType=\"vmfs\"\n# Extent")),
        Of(VmdkExtents, "none", image => image.Saying("RW 2048 SPARSE \"disk.vmdk\"", "")),
        Of(VmdkExtents, "two", image => image.Saying("RW 2048 SPARSE \"disk.vmdk\"",
            "RW 1024 SPARSE \"a.vmdk\"\nRW 1024 SPARSE \"b.vmdk\"")),
        Of(VmdkExtents, "with a path", image => image.Saying("disk.vmdk", "/etc/shadow")),
        Of(VmdkExtents, "with a protocol", image => image.Saying("disk.vmdk", "nbd:localhost")),
        Of(VmdkExtents, "with a backslash", image => image.Saying("disk.vmdk", "..\\disk.vmdk")),
        Of(VmdkExtents, "flat", image => image.Saying("SPARSE \"disk.vmdk\"",
            "FLAT \"disk.vmdk\" 0")),
        Of(VmdkExtents, "read only", image => image.Saying("RW 2048", "RDONLY 2048")),
        Of(VmdkDescriptorLine, "unknown", image => image.Saying("#DDB",
            "changeTrackPath=\"x.vmdk\"")),
        Of(VmdkDescriptorLine, "other case", image => image.Saying("\nversion=1", "\nVERSION=1")),
        Of(VmdkDescriptorLine, "text after zeros", image =>
            image.Put(Descriptor + (10 * Sector), "RW 1 FLAT \"x\" 0"u8)),
        Of(VmdkDescriptorLine, "not printable", image => image.Saying("#DDB", "#\u0001")),
    ];

    private static IEnumerable<RuleCase> Footers() =>
    [
        OfStream(VmdkFooter, "no marker", image => image.U32Le(Footer - Sector + 12, 2)),
        OfStream(VmdkFooter, "marker with data", image => image.U32Le(Footer - Sector + 8, 1)),
        OfStream(VmdkFooter, "other capacity", image => image.U64Le(Footer + 12, 4096)),
        OfStream(VmdkFooter, "other descriptor", image => image.U64Le(Footer + 28, 2)),
        OfStream(VmdkFooter, "a footer again", image => image.U64Le(Footer + 56, ulong.MaxValue)),
        OfStream(VmdkFooter, "no end of stream", image => image.U32Le(Footer + Sector + 12, 3)),
        OfStream(VmdkFooter, "half a sector more", image => [.. image, .. new byte[256]]),
    ];

    private static IEnumerable<RuleCase> Walk() =>
    [
        Of(VmdkMap, "directory past the end", image => image.U64Le(56, 40)),
        Of(VmdkMap, "directory far away", image => image.U64Le(56, 1UL << 60)),
        Of(VmdkMap, "directory over the descriptor", image => image.U64Le(56, 1)),
        Of(VmdkMap, "second directory past the end", image =>
            image.U32Le(8, 3).U64Le(48, 40)),
        Of(VmdkMap, "table past the end", image => image.U32Le(GrainDirectory, 40)),
        Of(VmdkMap, "table over the directory", image => image.U32Le(GrainDirectory, 18)),
        Of(VmdkMap, "grain past the end", image => image.U32Le(Table, 40)),
        Of(VmdkMap, "grain over the table", image => image.U32Le(Table, 24)),
        Of(VmdkMap, "grain twice", image => image.U32Le(Table + 4, 32)),
        Of(VmdkMap, "zero grain that the flags do not allow", image => image.U32Le(Table + 4, 1)),
        OfStream(VmdkMap, "compressed grain too long", image => image.U32Le(Grain + 8, 9210)),
        OfStream(VmdkMap, "compressed grain past the end", image => image.U32Le(Table, 44)),
        new(VmdkExpansion, "one sector each for 1 MiB", Bomb(grains: 40), Bomb(grains: 100)),
    ];

    private static RuleCase Of(InspectionRule rule, string flaw, Func<byte[], byte[]> spoil) =>
        new(rule, flaw, Sparse(), spoil(Sparse()));

    private static RuleCase OfStream(
        InspectionRule rule, string flaw, Func<byte[], byte[]> spoil) =>
        new(rule, flaw, Stream(), spoil(Stream()));
}
