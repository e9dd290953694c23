namespace NovaCow.Storage.Inspection.Formats;

/// <summary>A kernel or a ramdisk: bytes that only a guest ever reads, so that they may be
/// anything. What they look like is told, for whoever named the wrong file.</summary>
internal static class BootFile
{
    private const int LinuxMagicOffset = 0x202;
    private const int Arm64MagicOffset = 56;

    public static Judgement Judge(ImageBytes image, InspectionLimits limits) =>
        image.Length > limits.MaxBootFileBytes
            ? InspectionRules.BootFileSize.Broken(
                $"the file has {image.Length} bytes, the limit is {limits.MaxBootFileBytes}; "
                + "name a kernel or a ramdisk, or raise the limit")
            : new Judgement.Sound(image.Length, [Describe(image)]);

    private static string Describe(ImageBytes image)
    {
        if (image.Has(LinuxMagicOffset, "HdrS"u8))
            return "a Linux kernel (bzImage)";
        if (image.Has(Arm64MagicOffset, "ARM\x64"u8))
            return "a Linux kernel (arm64 Image)";
        if (image.Has(0, [0x7f, .. "ELF"u8]))
            return "an ELF program, as kernels are";
        if (image.Has(0, "070701"u8) || image.Has(0, "070702"u8))
            return "a cpio archive, as ramdisks are";
        return image.Has(0, [0x1f, 0x8b])
            ? "packed with gzip, as ramdisks and kernels are"
            : "its first bytes are of no kernel or ramdisk that is known here";
    }
}
