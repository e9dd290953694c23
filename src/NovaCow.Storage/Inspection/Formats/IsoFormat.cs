using NovaCow.Core;

namespace NovaCow.Storage.Inspection.Formats;

/// <summary>An optical disc, ISO 9660 or UDF: volume descriptors from sector 16 on. It is kept as
/// it is, so its size is the file's.</summary>
internal sealed class IsoFormat : ImageFormat
{
    private const int FirstDescriptor = 32768;
    private const int DescriptorBytes = 2048;
    private const int MaxDescriptors = 16;

    public override string Name => "iso";

    public override DiskFormat? Format => DiskFormat.Iso;

    // UDF alone starts with BEA01 or the like and names itself in a later descriptor.
    public override bool Detects(ImageBytes image)
    {
        for (var i = 0; i < MaxDescriptors; i++)
        {
            var at = FirstDescriptor + (i * DescriptorBytes) + 1;
            if (image.Has(at, "CD001"u8) || image.Has(at, "NSR02"u8) || image.Has(at, "NSR03"u8))
                return true;

            if (!image.Has(at, "BEA01"u8) && !image.Has(at, "BOOT2"u8))
                return false;
        }

        return false;
    }

    public override Judgement Judge(
        ImageBytes image, InspectionLimits limits, CancellationToken cancellationToken)
    {
        // Only a primary descriptor of ISO 9660 says how long the volume is.
        if (image.Has(FirstDescriptor, "\u0001CD001"u8)
            && image.Holds(FirstDescriptor, DescriptorBytes))
        {
            ReadOnlySpan<byte> primary = image.Read(FirstDescriptor, DescriptorBytes);
            var bytes = (long)primary.U32Le(80) * primary.U16Le(128);
            if (bytes > image.Length)
            {
                return InspectionRules.IsoTruncated.Broken(
                    $"the volume has {bytes} bytes by its descriptor at offset {FirstDescriptor}, "
                    + $"the file {image.Length}; download it again");
            }
        }

        return RawFormat.JudgeSize(image, limits, []);
    }
}
