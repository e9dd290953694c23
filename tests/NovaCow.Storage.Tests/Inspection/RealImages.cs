using NovaCow.Core;
using NovaCow.Storage.Inspection;

namespace NovaCow.Storage.Tests.Inspection;

/// <summary>An image made by the tools that users have: how, and what it is to qemu and to us.
/// </summary>
internal sealed record RealImage(
    string Name, DiskFormat Format, string QemuFormat, Action<string, string> Make)
{
    public static RealImage Converted(
        string name, DiskFormat format, string qemuFormat, params string[] options) =>
        new(name, format, qemuFormat, (disk, path) => QemuImg.Run(
            ["convert", "-f", "raw", "-O", qemuFormat, .. options, disk, path]));

    public static RealImage Created(
        string name, DiskFormat format, string qemuFormat, string size, params string[] options) =>
        new(name, format, qemuFormat, (_, path) => QemuImg.Run(
            ["create", "-q", "-f", qemuFormat, .. options, path, size]));

    public static RealImage Written(string name, DiskFormat format, Func<byte[]> bytes) =>
        new(name, format, "raw", (_, path) => File.WriteAllBytes(path, bytes()));
}

/// <summary>Makes each image once, from a disk of 3 MiB that is part noise, part pattern and part
/// holes, and removes them all at the end.</summary>
public sealed class RealImages : IDisposable
{
    public const int DiskBytes = 3 << 20;

    private readonly string _folder =
        Directory.CreateTempSubdirectory("novacow-inspection-").FullName;

    private readonly Lock _making = new();

    internal static IReadOnlyDictionary<string, RealImage> All { get; } = new[]
    {
        RealImage.Converted("qcow2", DiskFormat.Qcow2, "qcow2"),
        RealImage.Converted("qcow2 v2", DiskFormat.Qcow2, "qcow2", "-o", "compat=0.10"),
        RealImage.Converted("qcow2 compressed", DiskFormat.Qcow2, "qcow2", "-c"),
        RealImage.Converted(
            "qcow2 zstd", DiskFormat.Qcow2, "qcow2", "-c", "-o", "compression_type=zstd"),
        RealImage.Converted(
            "qcow2 small clusters", DiskFormat.Qcow2, "qcow2", "-c", "-o", "cluster_size=512"),
        RealImage.Converted(
            "qcow2 large clusters", DiskFormat.Qcow2, "qcow2", "-o", "cluster_size=2M"),
        RealImage.Converted(
            "qcow2 lazy", DiskFormat.Qcow2, "qcow2", "-o", "lazy_refcounts=on,refcount_bits=64"),
        RealImage.Created("qcow2 blank", DiskFormat.Qcow2, "qcow2", "1T"),
        RealImage.Created("qcow2 odd size", DiskFormat.Qcow2, "qcow2", "1000000"),
        RealImage.Created(
            "qcow2 mapped", DiskFormat.Qcow2, "qcow2", "5M", "-o", "preallocation=metadata"),
        RealImage.Created(
            "qcow2 full", DiskFormat.Qcow2, "qcow2", "5M", "-o", "preallocation=full"),
        RealImage.Converted("vmdk", DiskFormat.Vmdk, "vmdk"),
        RealImage.Converted(
            "vmdk stream", DiskFormat.Vmdk, "vmdk", "-o", "subformat=streamOptimized"),
        RealImage.Converted("vmdk zeroed grains", DiskFormat.Vmdk, "vmdk", "-o", "zeroed_grain=on"),
        RealImage.Created("vmdk blank", DiskFormat.Vmdk, "vmdk", "1T"),
        RealImage.Converted("vhd", DiskFormat.Vhd, "vpc"),
        RealImage.Converted("vhd sized", DiskFormat.Vhd, "vpc", "-o", "force_size=on"),
        RealImage.Converted("vhd fixed", DiskFormat.Vhd, "vpc", "-o", "subformat=fixed"),
        RealImage.Converted(
            "vhd fixed sized", DiskFormat.Vhd, "vpc", "-o", "subformat=fixed,force_size=on"),
        RealImage.Created("vhd blank", DiskFormat.Vhd, "vpc", "500G"),
        RealImage.Converted("vhdx", DiskFormat.Vhdx, "vhdx"),
        RealImage.Converted("vhdx fixed", DiskFormat.Vhdx, "vhdx", "-o", "subformat=fixed"),
        RealImage.Converted("vhdx blocks", DiskFormat.Vhdx, "vhdx", "-o", "block_size=1M"),
        RealImage.Created("vhdx blank", DiskFormat.Vhdx, "vhdx", "1T"),
        RealImage.Converted("vdi", DiskFormat.Vdi, "vdi"),
        RealImage.Converted("vdi static", DiskFormat.Vdi, "vdi", "-o", "static=on"),
        RealImage.Created("vdi blank", DiskFormat.Vdi, "vdi", "1T"),
        RealImage.Created("vdi odd size", DiskFormat.Vdi, "vdi", "1000000"),
        RealImage.Converted("raw", DiskFormat.Raw, "raw"),
        RealImage.Created("raw blank", DiskFormat.Raw, "raw", "1T"),
        RealImage.Written("raw mbr", DiskFormat.Raw, () => CraftedRaw.Mbr()),
        RealImage.Written("raw gpt", DiskFormat.Raw, CraftedRaw.Gpt),
        RealImage.Written("raw fat", DiskFormat.Raw, CraftedRaw.Fat),
        RealImage.Written("raw odd length", DiskFormat.Raw, () => Crafted.Raw(100_000)),
        RealImage.Written("iso", DiskFormat.Iso, CraftedRaw.Iso),
        RealImage.Written("udf", DiskFormat.Iso, CraftedRaw.Udf),
    }.ToDictionary(image => image.Name);

    /// <summary>Where the image is; makes it when it is not there yet.</summary>
    internal string PathOf(RealImage image)
    {
        QemuImg.Need();
        var path = Path.Combine(_folder, image.Name.Replace(' ', '-'));
        lock (_making)
        {
            if (File.Exists(path))
                return path;

            var disk = Path.Combine(_folder, "source");
            if (!File.Exists(disk))
                File.WriteAllBytes(disk, SourceDisk());

            image.Make(disk, path);
        }

        return path;
    }

    internal string NewPath() => Path.Combine(_folder, Path.GetRandomFileName());

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static byte[] SourceDisk()
    {
        var disk = new byte[DiskBytes];
        new Random(1).NextBytes(disk.AsSpan(0, 300_000));
        disk.AsSpan(1 << 20, 700_000).Fill(0x5a);
        new Random(2).NextBytes(disk.AsSpan(DiskBytes - 4096, 4096));
        return disk;
    }
}
