using NovaCow.Core;
using NovaCow.Storage.Inspection;
using static NovaCow.Storage.Inspection.InspectionRules;

namespace NovaCow.Storage.Tests.Inspection;

internal static class RuleCasesOfRaw
{
    public static IEnumerable<RuleCase> All => [.. Whatever(), .. Signed(), .. Raw()];

    private static IEnumerable<RuleCase> Whatever() =>
    [
        new(Empty, "no byte", Crafted.Raw(512), []),
        new(DeclaredFormat, "qcow2 as raw", CraftedQcow2.Version3(), CraftedQcow2.Version3())
        {
            Declared = DiskFormat.Raw,
            SoundDeclared = DiskFormat.Qcow2,
        },
        new(DeclaredFormat, "raw as qcow2", Crafted.Raw(), Crafted.Raw())
        {
            Declared = DiskFormat.Qcow2,
            SoundDeclared = DiskFormat.Raw,
        },
        new(DeclaredFormat, "fixed VHD as raw", CraftedVhd.Fixed(), CraftedVhd.Fixed())
        {
            Declared = DiskFormat.Raw,
            SoundDeclared = DiskFormat.Vhd,
        },
        new(DeclaredFormat, "disc as raw", CraftedRaw.Iso(), CraftedRaw.Iso())
        {
            Declared = DiskFormat.Raw,
            SoundDeclared = DiskFormat.Iso,
        },
        new(Ambiguous, "disc with a partition table", Hybrid(), Hybrid())
        {
            SoundDeclared = DiskFormat.Iso,
        },
        new(Ambiguous, "the same declared raw", Hybrid(), Hybrid())
        {
            Declared = DiskFormat.Raw,
            SoundDeclared = DiskFormat.Iso,
        },
        new(Ambiguous, "qcow2 and VHD", CraftedQcow2.Version3(),
            [.. CraftedQcow2.Version3(), .. CraftedVhd.Fixed()[^512..]]),
        new(Ambiguous, "qcow2 and tar", CraftedQcow2.Version3(),
            CraftedQcow2.Version3().Put(257, "ustar"u8)) { Declared = DiskFormat.Qcow2 },
        new(Ambiguous, "qcow2 and disc", CraftedRaw.Iso(),
            CraftedRaw.Iso().Put(0, CraftedQcow2.Version3().AsSpan(0, 512)))
        {
            Declared = DiskFormat.Iso,
        },
        new(VirtualSize, "raw over the limit", Crafted.Raw(), Crafted.Raw())
        {
            Limits = new() { MaxVirtualSizeBytes = 512 },
        },
    ];

    private static IEnumerable<RuleCase> Signed() =>
    [
        At(Qcow1, 0, [0x51, 0x46, 0x49, 0xfb, 0, 0, 0, 1]),
        At(Qed, 0, "QED\0"u8),
        At(Parallels, 0, "WithoutFreeSpace"u8),
        At(Parallels, 0, "WithouFreSpacExt"u8),
        At(Bochs, 0, "Bochs Virtual HD Image"u8),
        At(Cloop, 0, "#!/bin/sh\n#V2.0 Format\nmodprobe cloop"u8),
        At(Dmg, (64 << 10) - 512, "koly"u8),
        At(VmdkCowd, 0, "COWD"u8),
        At(VmdkSeSparse, 0, [0xbe, 0xba, 0xfe, 0xca, 0, 0, 0, 0]),
        At(VmdkTextDescriptor, 0, "# Disk DescriptorFile\n"u8),
        At(VmdkTextDescriptor, 0, "version=1\n"u8),
        At(VmdkTextDescriptor, 0, "#x\r\n  \n\t\n# y\nversion = 3\n"u8),
        At(Luks1, 0, Luks(1)) with
        {
            Sound = Crafted.Raw().Put(0, Luks(1)),
            SoundLimits = new() { AllowLuks1 = true },
        },
        At(Luks1, 0, Luks(3)),
        At(Luks2, 0, Luks(2)),
        At(Gzip, 0, [0x1f, 0x8b, 0x08]),
        At(Xz, 0, [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]),
        At(Zstd, 0, [0x28, 0xb5, 0x2f, 0xfd]),
        At(Bzip2, 0, "BZh9"u8),
        At(Lz4, 0, [0x04, 0x22, 0x4d, 0x18]),
        At(Zip, 0, [0x50, 0x4b, 3, 4]),
        At(Zip, 0, [0x50, 0x4b, 5, 6]),
        At(SevenZip, 0, [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]),
        At(Tar, 257, "ustar"u8),
    ];

    private static IEnumerable<RuleCase> Raw() =>
    [
        new(BootFileSize, "over the limit", Crafted.Raw(512), Crafted.Raw(513))
        {
            Declared = DiskFormat.Aki,
            SoundDeclared = DiskFormat.Ari,
            Limits = new InspectionLimits { MaxBootFileBytes = 512 },
            SoundLimits = new InspectionLimits { MaxBootFileBytes = 512 },
        },
        new(RawTooShort, "3 bytes", Crafted.Raw(512), [1, 2, 3]),
        new(RawTooShort, "511 bytes", Crafted.Raw(512), Crafted.Raw(511)),
        new(MbrBootFlag, "0x7f", CraftedRaw.Mbr(), CraftedRaw.Mbr(bootFlag: 0x7f)),
        new(MbrProtective, "at sector 2", CraftedRaw.Gpt(), CraftedRaw.Mbr(0xee, 2)),
        new(MbrProtective, "not alone", CraftedRaw.Gpt(),
            CraftedRaw.Gpt().Partition(1, 0x83, 2048)),
        new(MbrProtective, "second entry, not alone", CraftedRaw.Gpt(),
            CraftedRaw.Mbr().Partition(1, 0xee, 1)),
        new(IsoTruncated, "half of it", CraftedRaw.Iso(), CraftedRaw.Iso()[..(36 << 10)]),
    ];

    private static byte[] Hybrid() =>
        CraftedRaw.Iso().Put(510, 0x55, 0xaa).Partition(0, 0x17, 0, 0x80);

    private static byte[] Luks(byte version) => [0x4c, 0x55, 0x4b, 0x53, 0xba, 0xbe, 0, version];

    // With other bytes in the place of the signature it is a disk like any other.
    private static RuleCase At(InspectionRule rule, int at, ReadOnlySpan<byte> signature)
    {
        var sound = Crafted.Raw().Put(at, signature);
        sound.AsSpan(at, signature.Length).Fill(0xa5);
        return new RuleCase(
            rule,
            Convert.ToHexString(signature),
            sound,
            Crafted.Raw().Put(at, signature));
    }
}
