namespace NovaCow.Storage.Tests.Inspection;

/// <summary>Raw disks with partition tables or boot sectors, and discs.</summary>
internal static class CraftedRaw
{
    public const int FirstEntry = 446;

    public static byte[] Mbr(byte type = 0x83, uint start = 2048, byte bootFlag = 0x80) =>
        new byte[64 << 10].Put(510, 0x55, 0xaa).Partition(0, type, start, bootFlag);

    public static byte[] Gpt() => Mbr(0xee, start: 1, bootFlag: 0).Put(512, "EFI PART"u8);

    public static byte[] Partition(
        this byte[] image, int entry, byte type, uint start, byte bootFlag = 0)
    {
        var at = FirstEntry + (16 * entry);
        return image.Put(at, bootFlag).Put(at + 4, type).U32Le(at + 8, start).U32Le(at + 12, 64);
    }

    /// <summary>A FAT file system without a partition table; where a table would have its entries
    /// it has code.</summary>
    public static byte[] Fat()
    {
        var image = new byte[64 << 10];
        image.AsSpan(62, 448).Fill(0xcc);
        return image.Put(0, 0xeb, 0x3c, 0x90).Put(3, "mkfs.fat"u8).U16Le(11, 512).Put(13, 4)
            .U16Le(14, 1).Put(16, 2).U16Le(17, 512).Put(21, 0xf8).Put(54, "FAT16   "u8)
            .Put(510, 0x55, 0xaa);
    }

    /// <summary>A disc of ISO 9660, 40 KiB in 20 sectors.</summary>
    public static byte[] Iso() => new byte[40 << 10]
        .Put(32768, 1).Put(32769, "CD001"u8).U32Le(32768 + 80, 20).U16Le(32768 + 128, 2048)
        .Put(34816, 255).Put(34817, "CD001"u8);

    /// <summary>A disc of UDF alone.</summary>
    public static byte[] Udf() => new byte[40 << 10]
        .Put(32769, "BEA01"u8).Put(34817, "NSR02"u8).Put(36865, "TEA01"u8);
}
