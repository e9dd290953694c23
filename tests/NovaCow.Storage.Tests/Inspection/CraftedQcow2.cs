namespace NovaCow.Storage.Tests.Inspection;

/// <summary>
/// A qcow2 image of 1 MiB in clusters of 4 KiB: header, refcount table, refcount block, L1, L2,
/// two clusters of data, and one that holds compressed data.
/// </summary>
internal static class CraftedQcow2
{
    public const int Cluster = 4096;
    public const int Extensions = 112;
    public const int RefcountTable = 1 * Cluster;
    public const int RefcountBlock = 2 * Cluster;
    public const int L1 = 3 * Cluster;
    public const int L2 = 4 * Cluster;
    public const int Data = 5 * Cluster;
    public const int Compressed = 7 * Cluster;
    public const int Length = 8 * Cluster;

    public const ulong Copied = 1UL << 63;
    public const ulong CompressedBit = 1UL << 62;

    public static byte[] Version3()
    {
        var image = Version2().U32Be(4, 3).U32Be(96, 4).U32Be(100, Extensions);
        return image.U64Be(L2 + 24, 1).U64Be(L2 + 32, Copied | 1 | (Data + Cluster));
    }

    public static byte[] Version2() => new byte[Length]
        .Put(0, 0x51, 0x46, 0x49, 0xfb)
        .U32Be(4, 2)
        .U32Be(20, 12)
        .U64Be(24, 1 << 20)
        .U32Be(36, 1)
        .U64Be(40, L1)
        .U64Be(48, RefcountTable)
        .U32Be(56, 1)
        .U64Be(RefcountTable, RefcountBlock)
        .U64Be(L1, Copied | L2)
        .U64Be(L2, Copied | Data)
        .U64Be(L2 + 8, CompressedEntry(Compressed, sectors: 2))
        .U64Be(L2 + 16, CompressedEntry(Compressed + 700, sectors: 1));

    public static byte[] Zstd() => Version3().U64Be(72, 8).Put(104, 1);

    public static byte[] Extension(
        this byte[] image, uint type, uint length = 8, int at = Extensions) =>
        image.U32Be(at, type).U32Be(at + 4, length);

    /// <summary>An L2 entry for compressed data that touches so many sectors.</summary>
    public static ulong CompressedEntry(int offset, int sectors, int clusterBits = 12) =>
        CompressedBit | ((ulong)(sectors - 1) << (62 - (clusterBits - 8))) | (uint)offset;

    /// <summary>An image of 14 MiB whose one compressed cluster stands for so many of 2 MiB.
    /// </summary>
    public static byte[] Bomb(int copies)
    {
        const int Large = 2 << 20;
        var image = Version3();
        Array.Clear(image, L1, image.Length - L1);
        Array.Resize(ref image, 7 * Large);
        Array.Clear(image, Cluster, 2 * Cluster);
        image.U32Be(20, 21).U64Be(24, 512UL << 30).U64Be(40, 3 * Large).U64Be(48, Large)
            .U64Be(Large, 2 * Large).U64Be(3 * Large, Copied | (4 * Large));
        for (var i = 0; i < copies; i++)
            image.U64Be((4 * Large) + (8 * i), CompressedEntry(5 * Large, 1, clusterBits: 21));

        return image;
    }
}
