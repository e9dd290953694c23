using NovaCow.Core;

namespace NovaCow.Storage.Inspection.Formats;

/// <summary>A raw disk that starts with a partition table: a master boot record, alone or
/// protecting a GPT. A file system's boot sector ends in the same two bytes and is none.</summary>
internal sealed class PartitionTableFormat : ImageFormat
{
    private const int Entries = 4;
    private const int EntriesOffset = 446;
    private const int EntryBytes = 16;
    private const byte ProtectiveType = 0xee;

    public override string Name => "mbr";

    public override DiskFormat? Format => DiskFormat.Raw;

    public override bool Detects(ImageBytes image) =>
        image.Has(510, [0x55, 0xaa])
        && !IsFileSystem(image.Head)
        && Used(image).Any();

    public override Judgement Judge(
        ImageBytes image, InspectionLimits limits, CancellationToken cancellationToken)
    {
        var used = Used(image).ToList();
        foreach (var entry in used)
        {
            var at = EntriesOffset + (EntryBytes * entry);
            if (image.Head[at] is not (0x00 or 0x80))
            {
                return InspectionRules.MbrBootFlag.Broken(
                    $"0x{image.Head[at]:x2} at offset {at}; write the partition table anew");
            }
        }

        var protective = used.FindIndex(entry => TypeOf(image, entry) == ProtectiveType);
        if (protective >= 0)
        {
            var start = image.Head.U32Le(EntriesOffset + (EntryBytes * protective) + 8);
            if (start != 1 || used.Count != 1)
            {
                return InspectionRules.MbrProtective.Broken(
                    $"entry {protective + 1} of {used.Count} at offset {EntriesOffset} starts at "
                    + $"sector {start}; readers disagree on such a disk: write its partition "
                    + "table anew");
            }
        }

        return RawFormat.JudgeSize(
            image, limits, [protective >= 0 ? "GPT partition table" : "MBR partition table"]);
    }

    /// <summary>Whether every entry of a table that is there lies on the disk.</summary>
    public static bool IsSound(ImageBytes image)
    {
        var sectors = image.Length / ImageBytes.SectorBytes;
        return Used(image).All(entry =>
        {
            var at = EntriesOffset + (EntryBytes * entry);
            var (first, count) = (image.Head.U32Le(at + 8), image.Head.U32Le(at + 12));
            return image.Head[at] is 0x00 or 0x80
                && first > 0 && count > 0
                && (TypeOf(image, entry) == ProtectiveType || (long)first + count <= sectors);
        });
    }

    private static IEnumerable<int> Used(ImageBytes image) =>
        Enumerable.Range(0, Entries).Where(entry => TypeOf(image, entry) != 0);

    private static byte TypeOf(ImageBytes image, int entry) =>
        image.Head[EntriesOffset + (EntryBytes * entry) + 4];

    // A jump, then a BIOS parameter block that is possible.
    private static bool IsFileSystem(ReadOnlySpan<byte> sector)
    {
        if (sector[3..].StartsWith("NTFS    "u8) || sector[3..].StartsWith("EXFAT   "u8))
            return true;

        var bytesPerSector = sector[11] | (sector[12] << 8);
        return sector[0] is 0xeb or 0xe9
            && bytesPerSector is 512 or 1024 or 2048 or 4096
            && sector[13] != 0 && (sector[13] & (sector[13] - 1)) == 0
            && sector[16] is 1 or 2
            && sector[21] is 0xf0 or >= 0xf8;
    }
}
