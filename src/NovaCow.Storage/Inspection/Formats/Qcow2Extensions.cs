namespace NovaCow.Storage.Inspection.Formats;

/// <summary>The list of header extensions: type, length and data, ended by type 0.</summary>
internal static class Qcow2Extensions
{
    private const int MaxExtensions = 64;
    private const uint DataFile = 0x44415441;
    private const uint Bitmaps = 0x23852875;
    private const uint Encryption = 0x0537be77;

    public static Judgement.Refusal? FirstBroken(Qcow2Fields header)
    {
        var image = header.Image;
        var end = Math.Min(header.ClusterBytes, image.Length);
        var seen = new HashSet<uint>();
        long at = header.HeaderBytes;
        Span<byte> entry = stackalloc byte[8];
        while (at < header.ClusterBytes)
        {
            if (at + entry.Length > end)
                return Unfinished(at);

            image.ReadInto(at, entry);
            var type = ((ReadOnlySpan<byte>)entry).U32Be(0);
            var length = ((ReadOnlySpan<byte>)entry).U32Be(4);
            if (type == 0)
                return null;

            if (Forbidden(type, at) is { } refusal)
                return refusal;

            if (!seen.Add(type) || seen.Count > MaxExtensions)
            {
                return InspectionRules.Qcow2Extension.Broken(
                    $"extension 0x{type:x8} at offset {at} is there twice, or one of too many; "
                    + "rewrite the image with qemu-img convert");
            }

            at += 8 + ((length + 7L) & ~7L);
            if (at > end)
                return Unfinished(at);
        }

        return null;
    }

    private static Judgement.Refusal? Forbidden(uint type, long at) => type switch
    {
        DataFile => InspectionRules.Qcow2DataFile.Broken(
            $"the extension at offset {at} names a data file; flatten it with qemu-img convert"),
        Bitmaps => InspectionRules.Qcow2Bitmaps.Broken(
            $"the extension at offset {at} lists bitmaps; remove them with qemu-img bitmap"),
        Encryption => InspectionRules.Qcow2Encryption.Broken(
            $"the extension at offset {at} points at a LUKS header; decrypt the image first"),
        _ => null,
    };

    private static Judgement.Refusal Unfinished(long at) => InspectionRules.Qcow2Extension.Broken(
        $"the extension that reaches offset {at} leaves the first cluster or the file; rewrite "
        + "the image with qemu-img convert");
}
