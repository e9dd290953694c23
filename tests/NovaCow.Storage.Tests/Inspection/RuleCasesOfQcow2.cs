using NovaCow.Storage.Inspection;
using static NovaCow.Storage.Inspection.InspectionRules;
using static NovaCow.Storage.Tests.Inspection.CraftedQcow2;

namespace NovaCow.Storage.Tests.Inspection;

internal static class RuleCasesOfQcow2
{
    public static IEnumerable<RuleCase> All => [.. Header(), .. Extended(), .. Tables(), .. Walk()];

    private static IEnumerable<RuleCase> Header() =>
    [
        Of(Qcow2HeaderLength, "only the magic", image => image[..4]),
        Of(Qcow2HeaderLength, "71 bytes", image => image[..71]),
        Of(Qcow2HeaderLength, "103 bytes of version 3", image => image[..103]),
        Of(Qcow2HeaderLength, "96 bytes long", image => image.U32Be(100, 96)),
        Of(Qcow2HeaderLength, "no multiple of 8", image => image.U32Be(100, 108)),
        Of(Qcow2HeaderLength, "longer than a cluster", image => image.U32Be(100, Cluster + 8)),
        Of(Qcow2Version, "0", image => image.U32Be(4, 0)),
        Of(Qcow2Version, "4", image => image.U32Be(4, 4)),
        Of(Qcow2BackingFile, "offset and size", image => image.U64Be(8, 512).U32Be(16, 11)),
        Of(Qcow2BackingFile, "offset alone", image => image.U64Be(8, 1)),
        Of(Qcow2ClusterBits, "8", image => image.U32Be(20, 8)),
        Of(Qcow2ClusterBits, "22", image => image.U32Be(20, 22)),
        Of(Qcow2Encryption, "AES", image => image.U32Be(32, 1)),
        Of(Qcow2Encryption, "LUKS", image => image.U32Be(32, 2)),
        Of(Qcow2Dirty, "bit 0", image => image.U64Be(72, 1)),
        Of(Qcow2Corrupt, "bit 1", image => image.U64Be(72, 2)),
        Of(Qcow2DataFile, "bit 2", image => image.U64Be(72, 4)),
        Of(Qcow2DataFile, "raw", image => image.U64Be(88, 2)),
        Of(Qcow2ExtendedL2, "bit 4", image => image.U64Be(72, 16)),
        Of(Qcow2UnknownFeature, "bit 5", image => image.U64Be(72, 32)),
        Of(Qcow2UnknownFeature, "bit 63", image => image.U64Be(72, 1UL << 63)),
        Of(Qcow2Compression, "type 2", image => image.U64Be(72, 8).Put(104, 2), Zstd),
        Of(Qcow2Compression, "type without bit", image => image.Put(104, 1), Zstd),
        Of(Qcow2Compression, "bit without type", image => image.U64Be(72, 8), Zstd),
        Of(Qcow2Snapshots, "one", image => image.U32Be(60, 1)),
        Of(VirtualSize, "none", image => image.U64Be(24, 0)),
        Of(VirtualSize, "over the limit", image => image.U64Be(24, (16UL << 40) + 512)),
        Of(VirtualSize, "all ones", image => image.U64Be(24, ulong.MaxValue)),
        Of(Qcow2Size, "half a sector", image => image.U64Be(24, (1 << 20) - 256)),
    ];

    private static IEnumerable<RuleCase> Extended() =>
    [
        Of(Qcow2DataFile, "extension", image => image.Extension(0x44415441)),
        Of(Qcow2DataFile, "extension of version 2", image => image.Extension(0x44415441, at: 72),
            Version2),
        Of(Qcow2Bitmaps, "extension", image => image.Extension(0x23852875)),
        Of(Qcow2Encryption, "extension", image => image.Extension(0x0537be77)),
        Of(Qcow2Extension, "twice",
            image => image.Extension(77).Extension(77, at: Extensions + 16),
            () => Version3().Extension(77).Extension(78, at: Extensions + 16)),
        Of(Qcow2Extension, "leaves the cluster", image => image.Extension(77, Cluster),
            () => Version3().Extension(77, Cluster - Extensions - 16)),
        Of(Qcow2Extension, "of 4 GiB", image => image.Extension(77, uint.MaxValue)),
        Of(Qcow2Extension, "too many", image =>
        {
            for (var i = 0; i < 65; i++)
                image.Extension((uint)(100 + i), 0, Extensions + (8 * i));

            return image;
        }),
    ];

    private static IEnumerable<RuleCase> Tables() =>
    [
        Of(Qcow2L1Table, "more than 32 MiB", image => image.U32Be(36, (4 << 20) + 1)),
        Of(Qcow2L1Table, "none", image => image.U32Be(36, 0)),
        Of(Qcow2L1Table, "too short", image => image.U64Be(24, (2 << 20) + 512)),
        Of(Qcow2L1Table, "nowhere", image => image.U64Be(40, 0)),
        Of(Qcow2L1Table, "unaligned", image => image.U64Be(40, L1 + 512)),
        Of(Qcow2L1Table, "past the end", image => image.U64Be(40, Length)),
        Of(Qcow2L1Table, "wraps around", image => image.U64Be(40, ulong.MaxValue - 4095)),
        Of(Qcow2RefcountTable, "no clusters", image => image.U32Be(56, 0)),
        Of(Qcow2RefcountTable, "more than 8 MiB", image => image.U32Be(56, 2049)),
        Of(Qcow2RefcountTable, "order 7", image => image.U32Be(96, 7)),
        Of(Qcow2RefcountTable, "nowhere", image => image.U64Be(48, 0)),
        Of(Qcow2RefcountTable, "unaligned", image => image.U64Be(48, RefcountTable + 8)),
        Of(Qcow2RefcountTable, "past the end", image => image.U32Be(56, 8)),
        Of(Qcow2TooManyClusters, "5", Same) with { Limits = new() { MaxHostUnits = 5 } },
        Of(Qcow2TooMuchMapping, "one table", Same) with { Limits = new() { MaxMappingBytes = 1 } },
    ];

    private static IEnumerable<RuleCase> Walk() =>
    [
        Of(Qcow2ReservedBits, "refcount table", image => image.U64Be(RefcountTable, L1 | 8)),
        Of(Qcow2ReservedBits, "L1 low", image => image.U64Be(L1, L2 | 1)),
        Of(Qcow2ReservedBits, "L1 high", image => image.U64Be(L1, L2 | (1UL << 60))),
        Of(Qcow2ReservedBits, "L1 copied nothing", image => image.U64Be(L1, Copied)),
        Of(Qcow2ReservedBits, "L2 low", image => image.U64Be(L2, Data | 2)),
        Of(Qcow2ReservedBits, "L2 high", image => image.U64Be(L2, Data | (1UL << 57))),
        Of(Qcow2ReservedBits, "L2 copied nothing", image => image.U64Be(L2, Copied)),
        Of(Qcow2ReservedBits, "compressed and copied", image =>
            image.U64Be(L2 + 8, Copied | CompressedEntry(Compressed, 1))),
        Of(Qcow2ReservedBits, "zero flag of version 2", image => image.U64Be(L2, Data | 1),
            Version2),
        Of(Qcow2Alignment, "refcount block", image => image.U64Be(RefcountTable, L1 + 512)),
        Of(Qcow2Alignment, "L2 table", image => image.U64Be(L1, L2 + 512)),
        Of(Qcow2Alignment, "data", image => image.U64Be(L2, Data + 512)),
        Of(Qcow2OutsideFile, "refcount block", image => image.U64Be(RefcountTable, Length)),
        Of(Qcow2OutsideFile, "L2 table", image => image.U64Be(L1, Length)),
        Of(Qcow2OutsideFile, "data", image => image.U64Be(L2, Length)),
        Of(Qcow2OutsideFile, "far data", image => image.U64Be(L2, 0x00ff_ffff_ffff_f000)),
        Of(Qcow2OutsideFile, "compressed", image =>
            image.U64Be(L2 + 8, CompressedEntry(Length - 512, 2))),
        Of(Qcow2OutsideFile, "file cut short", image => image[..Data]),
        Of(Qcow2Overlap, "tables", image => image.U64Be(48, L1)),
        Of(Qcow2Overlap, "L1 over the header", image => image.U32Be(36, 512 * 5)),
        Of(Qcow2Overlap, "refcount block over L1", image => image.U64Be(RefcountTable, L1)),
        Of(Qcow2Overlap, "L2 over L1", image => image.U64Be(L1, L1)),
        Of(Qcow2Overlap, "L2 twice", image => image.U32Be(36, 2).U64Be(L1 + 8, L2)),
        Of(Qcow2Overlap, "data twice", image => image.U64Be(L2 + 40, Data)),
        Of(Qcow2Overlap, "data over L2", image => image.U64Be(L2, L2)),
        Of(Qcow2Overlap, "data over the refcount block", image => image.U64Be(L2, RefcountBlock)),
        Of(Qcow2Overlap, "data over compressed", image => image.U64Be(L2 + 40, Compressed)),
        Of(Qcow2Overlap, "compressed over data", image =>
            image.U64Be(L2 + 40, CompressedEntry(Data, 1))),
        Of(Qcow2Overlap, "compressed over the header", image =>
            image.U64Be(L2 + 40, CompressedEntry(8, 1))),
        new(Qcow2Expansion, "one cluster for 3 GiB", Bomb(copies: 4), Bomb(copies: 1500)),
    ];

    private static byte[] Same(byte[] image) => image;

    private static RuleCase Of(
        InspectionRule rule, string flaw, Func<byte[], byte[]> spoil, Func<byte[]>? sound = null) =>
        new(rule, flaw, (sound ?? Version3)(), spoil(sound == Version2 ? Version2() : Version3()));
}
