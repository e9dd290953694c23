using System.Text;

namespace NovaCow.Storage.Tests.Inspection;

/// <summary>A VMDK of 1 MiB in grains of 4 KiB, of which it has one, and a sparse one whose
/// grain is compressed and whose directory is told by a footer.</summary>
internal static class CraftedVmdk
{
    public const int Sector = 512;
    public const int Descriptor = 1 * Sector;
    public const int GrainDirectory = 21 * Sector;
    public const int Table = 24 * Sector;
    public const int Grain = 32 * Sector;
    public const int Footer = 42 * Sector;
    public const string Text =
        "# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\n"
        + "createType=\"monolithicSparse\"\n\n# Extent description\n"
        + "RW 2048 SPARSE \"disk.vmdk\"\n\n# The Disk Data Base\n#DDB\n\n"
        + "ddb.virtualHWVersion = \"4\"\n";

    public static byte[] Sparse() => new byte[40 * Sector]
        .Put(0, "KDMV"u8)
        .U32Le(4, 1)
        .U32Le(8, 1)
        .U64Le(12, 2048)
        .U64Le(20, 8)
        .U64Le(28, 1)
        .U64Le(36, 20)
        .U32Le(44, 512)
        .U64Le(56, GrainDirectory / Sector)
        .U64Le(64, 32)
        .WithText(Text)
        .U32Le(GrainDirectory, Table / Sector)
        .U32Le(Table, Grain / Sector);

    public static byte[] Stream()
    {
        var image = Sparse();
        Array.Resize(ref image, 44 * Sector);
        image.U32Le(4, 3).U32Le(8, 0x30001).Put(77, 1)
            .WithText(Text.Replace("monolithicSparse", "streamOptimized", StringComparison.Ordinal))
            .U32Le(Grain + 8, 600);
        return image.U32Le(Footer - Sector + 12, 3).Put(Footer, image.AsSpan(0, Sector))
            .U64Le(56, ulong.MaxValue);
    }

    /// <summary>Grains of 1 MiB in a stream, each compressed into one sector.</summary>
    public static byte[] Bomb(int grains)
    {
        var image = Stream();
        var footer = image[Footer..];
        Array.Resize(ref image, Grain + ((grains + 1) * Sector) + footer.Length);
        for (var i = 0; i < grains; i++)
            image.U32Le(Table + (4 * i), (uint)(32 + i)).U32Le(Grain + (i * Sector) + 8, 100);

        var at = image.Length - footer.Length;
        image.Put(at - Sector, new byte[Sector]).U32Le(at - Sector + 12, 3);
        return image.Put(at, footer)
            .U64Le(12, 512 * 2048).U64Le(20, 2048)
            .U64Le(at + 12, 512 * 2048).U64Le(at + 20, 2048);
    }

    public static byte[] WithText(this byte[] image, string text)
    {
        image.AsSpan(Descriptor, 20 * Sector).Clear();
        return image.Put(Descriptor, Encoding.ASCII.GetBytes(text));
    }

    public static byte[] Saying(this byte[] image, string what, string instead) =>
        image.WithText(Text.Replace(what, instead, StringComparison.Ordinal));
}
