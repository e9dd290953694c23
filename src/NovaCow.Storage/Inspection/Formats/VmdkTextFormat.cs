using System.Buffers;
using NovaCow.Core;

namespace NovaCow.Storage.Inspection.Formats;

/// <summary>A VMDK that is nothing but its descriptor, and so names other files. Never accepted.
/// </summary>
internal sealed class VmdkTextFormat : ImageFormat
{
    private static readonly SearchValues<byte> s_blank = SearchValues.Create(" \t\r"u8);

    public override string Name => "vmdk";

    public override DiskFormat? Format => null;

    // A probe skips comments and blank lines and then wants to see the version.
    public override bool Detects(ImageBytes image)
    {
        if (image.Head.StartsWith("# Disk DescriptorFile"u8))
            return true;

        var rest = image.Head;
        while (!rest.IsEmpty)
        {
            var end = rest.IndexOf((byte)'\n');
            var line = end < 0 ? rest : rest[..end];
            var text = line[Blanks(line)..];
            if (!text.IsEmpty && text[0] != '#')
                return IsVersion(text);

            if (end < 0)
                return false;

            rest = rest[(end + 1)..];
        }

        return false;
    }

    public override Judgement Judge(
        ImageBytes image, InspectionLimits limits, CancellationToken cancellationToken) =>
        InspectionRules.VmdkTextDescriptor.Broken(
            "the file starts with a descriptor, and the disk is elsewhere; convert the whole to "
            + "one file with qemu-img convert");

    private static int Blanks(ReadOnlySpan<byte> line)
    {
        var count = line.IndexOfAnyExcept(s_blank);
        return count < 0 ? line.Length : count;
    }

    private static bool IsVersion(ReadOnlySpan<byte> text)
    {
        if (!text.StartsWith("version"u8))
            return false;

        text = text["version".Length..];
        text = text[Blanks(text)..];
        return text.StartsWith("="u8);
    }
}
