namespace NovaCow.Storage.Tests.Inspection;

/// <summary>VHDs of 1 MiB; a dynamic one has 16 blocks of 64 KiB, of which it holds one.</summary>
internal static class CraftedVhd
{
    public const int Sector = 512;
    public const int Disk = 1 << 20;
    public const int Header = 1 * Sector;
    public const int Table = 3 * Sector;
    public const int Block = 4 * Sector;
    public const int BlockSectors = 1 + 128;

    public static byte[] Fixed(Action<byte[]>? change = null)
    {
        var footer = Footer(type: 2, headerOffset: ulong.MaxValue);
        change?.Invoke(footer);
        return [.. Crafted.Raw(Disk), .. Sealed(footer, 64)];
    }

    public static byte[] Dynamic(
        Action<byte[]>? footer = null, Action<byte[]>? header = null, Action<byte[]>? all = null)
    {
        var image = new byte[Block + ((BlockSectors + 1) * Sector)];
        var end = Footer(type: 3, headerOffset: Header);
        footer?.Invoke(end);
        Sealed(end, 64);
        var middle = new byte[1024].Put(0, "cxsparse"u8).U64Be(8, ulong.MaxValue)
            .U64Be(16, Table).U32Be(24, 0x10000).U32Be(28, 16).U32Be(32, 64 << 10);
        header?.Invoke(middle);
        image.Put(0, end).Put(Header, Sealed(middle, 36)).Put(image.Length - Sector, end);
        image.AsSpan(Table, Sector).Fill(0xff);
        image.U32Be(Table + 4, Block / Sector);
        all?.Invoke(image);
        return image;
    }

    private static byte[] Footer(uint type, ulong headerOffset) => new byte[Sector]
        .Put(0, "conectix"u8)
        .U32Be(8, 2)
        .U32Be(12, 0x10000)
        .U64Be(16, headerOffset)
        .Put(28, "win "u8)
        .U64Be(40, Disk)
        .U64Be(48, Disk)
        .U16Be(56, 30).Put(58, 4).Put(59, 17)
        .U32Be(60, type);

    private static byte[] Sealed(byte[] bytes, int at)
    {
        bytes.U32Be(at, 0);
        return bytes.U32Be(at, ~(uint)bytes.Sum(b => b));
    }
}
