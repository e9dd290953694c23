namespace NovaCow.Storage.Inspection.Formats;

/// <summary>Kinds of file that are told by a few bytes and never accepted.</summary>
internal static class Signatures
{
    private const string Convert = "convert it to qcow2 with qemu-img convert";
    private const string Unpack = "unpack it, and use the disk image inside";

    /// <summary>The magic number of qcow, of any version.</summary>
    public static ReadOnlySpan<byte> Qcow => [0x51, 0x46, 0x49, 0xfb];

    /// <summary>One format for each signature.</summary>
    public static IEnumerable<ImageFormat> Formats { get; } =
    [
        At(InspectionRules.Qcow1, Convert, 0, [.. Qcow, 0, 0, 0, 1]),
        At(InspectionRules.Qed, Convert, 0, [.. "QED\0"u8]),
        At(InspectionRules.Parallels, Convert, 0, [.. "WithoutFreeSpace"u8]),
        At(InspectionRules.Parallels, Convert, 0, [.. "WithouFreSpacExt"u8]),
        At(InspectionRules.Bochs, Convert, 0, [.. "Bochs Virtual HD Image"u8]),
        At(InspectionRules.Cloop, Convert, 0, [.. "#!/bin/sh\n#V2.0 Format\n"u8]),
        At(InspectionRules.Dmg, Convert, -512, [.. "koly"u8]),
        At(InspectionRules.VmdkCowd, Convert, 0, [.. "COWD"u8]),
        At(InspectionRules.VmdkSeSparse, Convert, 0, [0xbe, 0xba, 0xfe, 0xca, 0, 0, 0, 0]),
        At(InspectionRules.Luks2, "decrypt it first", 0, [.. Luks, 0, 2]),
        At(InspectionRules.Gzip, Unpack, 0, [0x1f, 0x8b, 0x08]),
        At(InspectionRules.Xz, Unpack, 0, [0xfd, .. "7zXZ\0"u8]),
        At(InspectionRules.Zstd, Unpack, 0, [0x28, 0xb5, 0x2f, 0xfd]),
        At(InspectionRules.Bzip2, Unpack, 0, [.. "BZh"u8]),
        At(InspectionRules.Lz4, Unpack, 0, [0x04, 0x22, 0x4d, 0x18]),
        At(InspectionRules.Zip, Unpack, 0, [.. "PK\x03\x04"u8]),
        At(InspectionRules.Zip, Unpack, 0, [.. "PK\x05\x06"u8]),
        At(InspectionRules.Zip, Unpack, 0, [.. "PK\x07\x08"u8]),
        At(InspectionRules.SevenZip, Unpack, 0, [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]),
        At(InspectionRules.Tar, Unpack, 257, [.. "ustar"u8]),
    ];

    /// <summary>The magic number of LUKS, of any version.</summary>
    public static ReadOnlySpan<byte> Luks => [0x4c, 0x55, 0x4b, 0x53, 0xba, 0xbe];

    private static SignatureFormat At(
        InspectionRule rule, string remedy, int offset, byte[] signature) =>
        new(rule, remedy, offset, signature);
}

/// <summary>A kind of file told by bytes at an offset; a negative one counts from the end.
/// </summary>
internal sealed class SignatureFormat(
    InspectionRule rule, string remedy, int offset, byte[] signature) : ImageFormat
{
    public override string Name { get; } = rule.Name[..rule.Name.IndexOf(':', 0)];

    public override Core.DiskFormat? Format => null;

    public override bool Detects(ImageBytes image) => image.Has(At(image), signature);

    public override Judgement Judge(
        ImageBytes image, InspectionLimits limits, CancellationToken cancellationToken) =>
        rule.Broken(
            $"offset {At(image)} has {System.Convert.ToHexString(signature)}: "
            + $"{rule.Meaning} To use it, {remedy}.");

    private long At(ImageBytes image) => offset < 0 ? image.Length + offset : offset;
}
