using System.Security.Cryptography;
using NovaCow.Core;

namespace NovaCow.Storage.Tests;

/// <summary>Small images with known bytes, and the catalogue's entries for them.</summary>
internal static class TestImages
{
    public const long MiB = 1 << 20;

    /// <summary>A raw disk of random bytes, then zeros, then random bytes.</summary>
    public static string Raw(string path, long bytes = 4 * MiB, int seed = 1)
    {
        var random = new Random(seed);
        var piece = new byte[Math.Min(bytes / 4, MiB)];
        using var file = File.Create(path);
        random.NextBytes(piece);
        file.Write(piece);
        file.Position = bytes - piece.Length;
        random.NextBytes(piece);
        file.Write(piece);
        return path;
    }

    /// <summary>Random bytes, the same each time.</summary>
    public static byte[] Bytes(long count, int seed = 1)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    /// <summary>The same disk in another of qemu's formats.</summary>
    public static async Task<string> ConvertAsync(
        string raw, string format, params string[] options)
    {
        var path = $"{raw}.{format}";
        await TestTool.RunAsync(
            "qemu-img", ["convert", "-f", "raw", "-O", format, .. options, raw, path]);
        return path;
    }

    public static Image Describe(string path, DiskFormat format, long virtualBytes) => new()
    {
        Name = ImageName.Parse("test"),
        Source = new Uri("file://" + path),
        Digest = DigestOf(path),
        Format = format,
        SizeBytes = new FileInfo(path).Length,
        VirtualSizeBytes = virtualBytes,
        MinDiskBytes = virtualBytes,
    };

    public static Digest DigestOf(string path)
    {
        using var file = File.OpenRead(path);
        return Digest.Sha256(SHA256.HashData(file));
    }

    public static BaseContent Blank(long bytes, BlankFileSystem fs = BlankFileSystem.Raw) =>
        new BaseContent.OfBlank(new BlankSpec(bytes, fs));

    /// <summary>The record that makes disks real.</summary>
    public static InstanceRecord Record(InstanceId id, params InstanceDisk[] disks) => new()
    {
        Id = id,
        Fence = new LaunchFence(1, 1),
        Image = ImageName.Parse("test"),
        Flavor = new Flavor
        {
            Name = FlavorName.Parse("m1.test"),
            VCpus = 1,
            MemoryBytes = 64 * MiB,
            RootDiskBytes = 0,
            EphemeralDisks = [new BlankSpec(MiB, BlankFileSystem.Ext4)],
        },
        Disks = disks,
        PreparedAt = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
    };
}
