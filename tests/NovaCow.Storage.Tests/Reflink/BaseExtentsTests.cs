using NovaCow.Core;
using NovaCow.Storage.Inspection;

namespace NovaCow.Storage.Tests;

/// <summary>A base lies in few pieces, however its image was written.</summary>
public sealed class BaseExtentsTests(XfsFixture xfs, BtrfsFixture btrfs, Ext4Fixture ext4)
    : IClassFixture<XfsFixture>, IClassFixture<BtrfsFixture>, IClassFixture<Ext4Fixture>
{
    private const long MiB = TestImages.MiB;

    [Theory]
    [InlineData("xfs", DiskFormat.Raw)]
    [InlineData("btrfs", DiskFormat.Raw)]
    [InlineData("ext4", DiskFormat.Raw)]
    [InlineData("xfs", DiskFormat.Qcow2)]
    [InlineData("btrfs", DiskFormat.Qcow2)]
    [InlineData("ext4", DiskFormat.Qcow2)]
    public async Task An_image_with_many_small_holes_becomes_a_base_in_few_pieces(
        string kind, DiskFormat format)
    {
        TestTool.Need("qemu-img");
        using var folder = new TempFolder(HomeOf(kind));
        var raw = WithHoles(folder.File("disk"));
        var image = format == DiskFormat.Raw
            ? raw
            : await TestImages.ConvertAsync(raw, "qcow2", "-S", "4k");
        using var store = HostStore.Open(folder.File("store"));
        var host = HostOf(store);
        var file = PathOf(store, await host.ImageAsync(image, format, 24 * MiB));
        Assert.InRange(RawFile.CountExtents(store.Files, file)!.Value, 1, 16);
        Assert.Equal(TestImages.DigestOf(raw), TestImages.DigestOf(file));
        Assert.Equal(UnixFileMode.UserRead, File.GetUnixFileMode(file));
        Assert.Equal(2, Directory.GetFiles(Path.GetDirectoryName(file)!).Length);
    }

    [Fact]
    public async Task Where_there_is_no_room_to_write_it_anew_a_base_stays_as_it_is()
    {
        using var folder = new TempFolder(HomeOf("xfs"));
        var raw = WithHoles(folder.File("disk"));
        var rewriting = false;
        using var store = HostStore.Open(
            folder.File("store"),
            options: null,
            new StoreFiles((operation, path) =>
            {
                if (operation != "write" || !path.EndsWith(".raw.tmp", StringComparison.Ordinal))
                    return;
                rewriting = true;
                throw new StoreIoException(operation, path, LibC.ENOSPC);
            }));
        var host = HostOf(store);
        var file = PathOf(store, await host.ImageAsync(raw, DiskFormat.Raw, 24 * MiB));
        Assert.True(rewriting);
        Assert.Equal(TestImages.DigestOf(raw), TestImages.DigestOf(file));
        Assert.Equal(2, Directory.GetFiles(Path.GetDirectoryName(file)!).Length);
    }

    private string HomeOf(string kind) => kind switch
    {
        "xfs" => xfs.Path,
        "btrfs" => btrfs.Path,
        _ => ext4.Path,
    };

    private static DriverHost HostOf(HostStore store) =>
        new(store, new Qcow2VolumeDriver(store, new ImageInspector()));

    private static string PathOf(HostStore store, BaseVolume volume) =>
        Path.Combine(store.Root, "bases", volume.Key.Value, "base.raw");

    /// <summary>A piece of data in each 64 KiB of the first 16 MiB, and a large hole.</summary>
    private static string WithHoles(string path)
    {
        var random = new Random(1);
        var piece = new byte[8 << 10];
        using var file = File.Create(path);
        for (var offset = 0L; offset < 16 * MiB; offset += 64 << 10)
        {
            random.NextBytes(piece);
            file.Position = offset;
            file.Write(piece);
        }

        file.SetLength(24 * MiB);
        return path;
    }
}
