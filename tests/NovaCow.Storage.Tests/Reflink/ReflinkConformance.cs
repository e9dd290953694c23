using NovaCow.Core;

namespace NovaCow.Storage.Tests;

/// <summary>What only disks that share their blocks promise, beside what all do.</summary>
public abstract class ReflinkConformance : FileDriverConformance
{
    private readonly string _home;

    private protected ReflinkConformance(string home)
        : base(home) => _home = home;

    private protected override IVolumeDriver Create(HostStore store, IImageInspector inspector) =>
        ReflinkVolumeDriver.Open(store, inspector);

    [Fact]
    public async Task A_clone_shares_all_of_its_base_and_owns_what_is_written_over_it()
    {
        TestTool.Need("qemu-io");
        using var folder = new TempFolder(_home);
        using var host = Open(folder.File("store"));
        var raw = TestImages.Raw(folder.File("disk"), 16 * MiB);
        var volume = await host.ImageAsync(raw, DiskFormat.Raw, 16 * MiB);
        var disk = await host.CommitAsync(volume, "vm-1");
        Assert.Equal((2 * MiB, 0), await UsageAsync(host));

        await TestTool.RunAsync(
            "qemu-io", "-f", "raw", "-c", $"write -P 7 0 {MiB / 2}", disk.Path);
        Assert.Equal((3 * MiB / 2, MiB / 2), await UsageAsync(host));
        Assert.Equal(TestImages.DigestOf(raw), TestImages.DigestOf(PathOf(host, volume)));

    }

    [Fact]
    public async Task A_disk_in_many_pieces_is_measured_whole()
    {
        using var folder = new TempFolder(_home);
        using var host = Open(folder.File("store"));
        var disk = await host.CommitAsync(await host.BlankAsync(16 * MiB), "vm-1");
        using (var file = File.OpenHandle(disk.Path, FileMode.Open, FileAccess.Write))
        {
            for (var i = 0; i < 1500; i++)
                RandomAccess.Write(file, new byte[4096], i * 8192L);
        }

        Assert.Equal((0, 1500 * 4096), await UsageAsync(host));
    }

    [Fact]
    public async Task A_base_that_is_immutable_is_cloned()
    {
        TestTool.Need("chattr");
        using var folder = new TempFolder(_home);
        using var host = Open(folder.File("store"));
        var raw = TestImages.Raw(folder.File("disk"));
        var volume = await host.ImageAsync(raw, DiskFormat.Raw, 4 * MiB);
        await TestTool.RunAsync("chattr", "+i", PathOf(host, volume));
        try
        {
            var disk = await host.CommitAsync(volume, "vm-1");
            Assert.Equal(TestImages.DigestOf(raw), TestImages.DigestOf(disk.Path));
            Assert.Equal(
                UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(disk.Path));
        }
        finally
        {
            await TestTool.RunAsync("chattr", "-i", PathOf(host, volume));
        }
    }

    [Fact]
    public async Task A_disk_that_was_made_longer_is_whole_and_one_that_lost_bytes_is_not()
    {
        using var folder = new TempFolder(_home);
        InstanceDisk grown, cut;
        using (var host = Open(folder.File("store")))
        {
            var volume = await host.BlankAsync(4 * MiB);
            grown = await host.CommitAsync(volume, "grown");
            cut = await host.CommitAsync(volume, "cut");
        }

        using (var file = File.OpenWrite(grown.Path))
            file.SetLength(8 * MiB);
        using (var file = File.OpenWrite(cut.Path))
            file.SetLength((4 * MiB) - 512);
        using var again = Open(folder.File("store"));
        var (instance, disks) = Assert.Single((await again.Driver.ListAsync(default)).Disks);
        Assert.Equal("grown", instance.Value);
        Assert.Equal(8 * MiB, Assert.Single(disks).VirtualSizeBytes);
        Assert.True(File.Exists(cut.Path));
    }

    private static string PathOf(DriverHost host, BaseVolume volume) =>
        Path.Combine(host.Store.Root, "bases", volume.Key.Value, "base.raw");

    private static async Task<(long Shared, long Unique)> UsageAsync(DriverHost host)
    {
        await TestTool.RunAsync("sync", "-f", host.Store.Root);
        var disk = Assert.Single((await host.Driver.MeasureAsync(default)).Disks);
        return (disk.SharedBytes, disk.UniqueBytes);
    }
}
