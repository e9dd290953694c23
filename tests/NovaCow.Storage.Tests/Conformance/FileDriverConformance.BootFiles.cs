using NovaCow.Core;

namespace NovaCow.Storage.Tests;

/// <summary>Kernels and ramdisks: kept once, and given to instances without a copy.</summary>
public abstract partial class FileDriverConformance
{
    [Theory]
    [InlineData(DiskFormat.Aki, "kernel", 1000)]
    [InlineData(DiskFormat.Ari, "ramdisk", (3 << 20) + 7)]
    public async Task A_kernel_is_kept_once_and_every_instance_has_a_link_to_it(
        DiskFormat format, string name, long bytes)
    {
        var host = Start();
        var volume = await BootFileAsync(host, format, bytes);
        Assert.Equal(bytes, volume.VirtualSizeBytes);
        Assert.Equal(UnixFileMode.UserRead, File.GetUnixFileMode(BaseFile(host, volume)));
        var usage = await host.Store.MeasureUsageAsync(default);
        InstanceDisk[] files =
        [
            await host.CloneAsync(volume, "vm-1", DiskName.Parse(name)),
            await host.CloneAsync(volume, "vm-2", DiskName.Parse(name)),
        ];
        foreach (var file in files)
        {
            Assert.Equal(name, Path.GetFileName(file.Path));
            Assert.Equal(volume.Key, file.BackingFile);
            Assert.Equal(bytes, file.VirtualSizeBytes);
            Assert.Equal(0, file.AllocatedBytes);
            Assert.Equal(("raw", host.Driver.Name), (file.Format, file.Driver));
            Assert.Equal(UnixFileMode.UserRead, File.GetUnixFileMode(file.Path));
            Assert.True(StoreFiles.TryStat(file.Path, out var stat));
            Assert.Equal(3u, stat.LinkCount);
            Assert.Equal(
                TestImages.DigestOf(_folder.File("boot")), TestImages.DigestOf(file.Path));
        }

        Assert.Equal(usage, await host.Store.MeasureUsageAsync(default));
    }

    [Fact]
    public async Task A_kernel_is_found_again_and_another_in_its_place_is_refused()
    {
        var host = Start();
        var volume = await BootFileAsync(host, DiskFormat.Aki, 1000);
        var other = await BootFileAsync(host, DiskFormat.Aki, 1000, seed: 2);
        var request = DriverHost.Request(volume, "vm-1", DiskName.Kernel);
        var made = await host.Driver.EnsureDiskAsync(request, null, default);
        var again = await host.Driver.EnsureDiskAsync(request, null, default);
        Assert.True(made.Created);
        Assert.False(again.Created);
        Assert.Equal(made.Value, again.Value);
        var error = await Assert.ThrowsAsync<PortException>(
            () => host.CloneAsync(other, "vm-1", DiskName.Kernel));
        Assert.Contains("kernel of instance vm-1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Kernels_are_listed_with_the_disks_and_those_that_no_record_names_are_removed()
    {
        var host = Start();
        var kernel = await BootFileAsync(host, DiskFormat.Aki, 1000);
        var root = await host.BlankAsync(MiB);
        var id = InstanceId.Parse("vm-1");
        InstanceDisk[] disks =
        [
            await host.CloneAsync(kernel, "vm-1", DiskName.Kernel),
            await host.CloneAsync(root, "vm-1"),
        ];
        await host.Store.SaveInstanceAsync(TestImages.Record(id, disks), default);
        await host.CloneAsync(kernel, "vm-1", DiskName.Ramdisk);
        await host.CloneAsync(kernel, "vm-2", DiskName.Kernel);

        host = Restart(host);
        var found = await host.Driver.ListAsync(default);
        Assert.Equal(disks, found.Disks[id].OrderBy(d => d.Name.Value, StringComparer.Ordinal));
        Assert.Single(found.Disks);
        Assert.Contains(kernel, found.Bases);
        Assert.False(File.Exists(Path.Combine(host.Store.Root, "instances/vm-1/ramdisk")));
        Assert.False(Directory.Exists(Path.Combine(host.Store.Root, "instances/vm-2")));
    }

    [Fact]
    public async Task Deleting_an_instances_kernel_leaves_the_base_and_the_base_can_go_first()
    {
        var host = Start();
        var volume = await BootFileAsync(host, DiskFormat.Aki, 1000);
        var (one, two) = (InstanceId.Parse("vm-1"), InstanceId.Parse("vm-2"));
        await host.CloneAsync(volume, "vm-1", DiskName.Kernel);
        var kept = await host.CloneAsync(volume, "vm-2", DiskName.Kernel);
        await host.Store.SaveInstanceAsync(TestImages.Record(two, kept), default);
        for (var i = 0; i < 2; i++)
            await host.Driver.DeleteDiskAsync(one, DiskName.Kernel, default);
        Assert.Equal(volume, Assert.Single((await host.Driver.ListAsync(default)).Bases));

        await host.Driver.DeleteBaseAsync(volume.Key, default);
        host = Restart(host);
        var listed = Assert.Single((await host.Driver.ListAsync(default)).Disks[two]);
        Assert.Equal(kept, listed with { AllocatedBytes = kept.AllocatedBytes });
        Assert.Equal(TestImages.DigestOf(_folder.File("boot")), TestImages.DigestOf(kept.Path));
    }

    [Fact]
    public async Task A_kernel_is_no_disk_and_a_disk_is_no_kernel()
    {
        var host = Start();
        var kernel = await BootFileAsync(host, DiskFormat.Aki, 1024);
        var disk = await host.BlankAsync(MiB);
        var before = host.Leftovers();
        CloneRequest[] wrong =
        [
            DriverHost.Request(kernel, "vm-1"),
            DriverHost.Request(kernel, "vm-1", DiskName.Swap),
            DriverHost.Request(disk, "vm-1", DiskName.Kernel),
        ];
        foreach (var request in wrong)
        {
            var error = await Assert.ThrowsAsync<PortException>(
                () => host.Driver.EnsureDiskAsync(request, null, default));
            Assert.Equal(LaunchErrorCode.InvalidRequest, error.Error.Code);
            Assert.Contains("name an image of the right format", error.Message);
        }

        await Assert.ThrowsAsync<PortException>(
            () => host.CloneAsync(kernel, "vm-1", DiskName.Kernel, bytes: 2048));
        Assert.Equal(before, host.Leftovers());
    }

    private async Task<BaseVolume> BootFileAsync(
        DriverHost host, DiskFormat format, long bytes, int seed = 1)
    {
        var path = _folder.File("boot");
        File.WriteAllBytes(path, TestImages.Bytes(bytes, seed));
        return await host.ImageAsync(path, format, bytes);
    }
}
