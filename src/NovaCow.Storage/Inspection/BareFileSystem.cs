using NovaCow.Storage.Inspection.Formats;

namespace NovaCow.Storage.Inspection;

/// <summary>Tells a disk that is one file system from its first byte on from one with partitions.
/// Pure; guests write such bytes, so nothing rests on it but how a disk is laid out.</summary>
internal static class BareFileSystem
{
    private const int IsoDescriptor = (16 * 2048) + 1;
    private static readonly PartitionTableFormat s_table = new();

    /// <summary>Whether the disk has neither a partition table nor the marks of an optical disc.
    /// </summary>
    public static bool IsOn(ImageBytes disk)
    {
        if (disk.Has(ImageBytes.SectorBytes, "EFI PART"u8) || disk.Has(IsoDescriptor, "CD001"u8))
            return false;

        // What a file system's boot code ends in can look like a table, but like a poor one.
        return !s_table.Detects(disk)
            || (!PartitionTableFormat.IsSound(disk) && HasSuperblock(disk));
    }

    private static bool HasSuperblock(ImageBytes disk) =>
        disk.Has(1024 + 56, [0x53, 0xef])
        || disk.Has(0, "XFSB"u8)
        || disk.Has((64 << 10) + 64, "_BHRfS_M"u8);
}
