using NovaCow.Core;

namespace NovaCow.Storage.Inspection.Formats;

/// <summary>The disk's bytes themselves: what no other format detects.</summary>
internal sealed class RawFormat : ImageFormat
{
    public override string Name => "raw";

    public override DiskFormat? Format => DiskFormat.Raw;

    public override bool Detects(ImageBytes image) => true;

    public override Judgement Judge(
        ImageBytes image, InspectionLimits limits, CancellationToken cancellationToken) =>
        JudgeSize(image, limits, []);

    /// <summary>Judges the length, as every format does whose bytes are the disk's.</summary>
    public static Judgement JudgeSize(
        ImageBytes image, InspectionLimits limits, IReadOnlyList<string> notes)
    {
        if (image.Length < ImageBytes.SectorBytes)
        {
            return InspectionRules.RawTooShort.Broken(
                $"the file has {image.Length} bytes; download it again");
        }

        // qemu and the kernel count in sectors, so a last one that is cut short is filled up.
        var missing = -image.Length & (ImageBytes.SectorBytes - 1);
        var size = image.Length + missing;
        if (limits.FaultOfVirtualSize((ulong)size) is { } fault)
            return InspectionRules.VirtualSize.Broken(fault);

        return missing == 0
            ? new Judgement.Sound(size, notes)
            : new Judgement.Sound(
                size, [.. notes, $"{missing} zero bytes are added to fill up the last sector"]);
    }
}
