using NovaCow.Core;

namespace NovaCow.Storage.Inspection.Formats;

/// <summary>LUKS other than version 2: version 1 may pass as raw by policy, for the guest holds
/// the key; what is encrypted cannot be inspected.</summary>
internal sealed class LuksFormat : ImageFormat
{
    public override string Name => "luks";

    public override DiskFormat? Format => DiskFormat.Raw;

    public override bool Detects(ImageBytes image) =>
        image.Has(0, Signatures.Luks) && !image.Has(Signatures.Luks.Length, [0, 2]);

    public override Judgement Judge(
        ImageBytes image, InspectionLimits limits, CancellationToken cancellationToken)
    {
        if (!limits.AllowLuks1 || !image.Has(Signatures.Luks.Length, [0, 1]))
        {
            return InspectionRules.Luks1.Broken(
                "offset 0 has a LUKS header; decrypt the volume first, or have the policy let "
                + "version 1 in");
        }

        return RawFormat.JudgeSize(image, limits, ["LUKS version 1 volume: not inspected inside"]);
    }
}
