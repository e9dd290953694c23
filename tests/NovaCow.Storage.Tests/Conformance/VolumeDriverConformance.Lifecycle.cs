using NovaCow.Core;

namespace NovaCow.Storage.Tests;

/// <summary>Deletion, what a start finds, and refusals.</summary>
public abstract partial class VolumeDriverConformance
{
    [Fact]
    public async Task What_is_deleted_is_gone_and_deleting_it_again_is_no_error()
    {
        var host = Start();
        var volume = await host.BlankAsync(MiB);
        var disk = await host.CommitAsync(volume, "vm-1");
        var id = InstanceId.Parse("vm-1");
        for (var i = 0; i < 2; i++)
        {
            await host.Store.DeleteInstanceAsync(id, default);
            await host.Driver.DeleteDiskAsync(id, disk.Name, default);
            await host.Driver.DeleteBaseAsync(volume.Key, default);
        }

        Assert.Empty(host.Leftovers());
        var found = await Restart(host).Driver.ListAsync(default);
        Assert.Empty(found.Bases);
        Assert.Empty(found.Disks);
    }

    [Fact]
    public async Task A_start_removes_disks_that_no_record_names()
    {
        var host = Start();
        var volume = await host.BlankAsync(MiB);
        await host.CommitAsync(volume, "vm-1");
        await host.CloneAsync(volume, "vm-1", DiskName.Swap);
        await host.CloneAsync(volume, "vm-2");

        host = Restart(host);
        var found = await host.Driver.ListAsync(default);
        Assert.Equal(DiskName.Root, Assert.Single(Assert.Single(found.Disks).Value).Name);
        Assert.Equal(volume, Assert.Single(found.Bases));
        Assert.Equal(2, host.Leftovers().Length);
    }

    [Fact]
    public async Task A_start_keeps_a_record_whose_disk_is_gone_and_lists_the_rest()
    {
        var host = Start();
        var volume = await host.BlankAsync(MiB);
        var disk = await host.CommitAsync(volume, "vm-1");
        await host.CommitAsync(volume, "vm-2");
        Lose(disk);

        host = Restart(host);
        var found = await host.Driver.ListAsync(default);
        Assert.Equal("vm-2", Assert.Single(found.Disks).Key.Value);
        Assert.Equal(2, (await host.Store.ListInstancesAsync(default)).Count);
    }

    [Fact]
    public async Task A_start_never_touches_what_it_does_not_know_or_cannot_read()
    {
        var host = Start();
        var volume = await host.BlankAsync(MiB);
        await host.CommitAsync(volume, "vm-1");
        var damaged = await host.CommitAsync(volume, "vm-2");
        Damage(damaged);
        var unread = await host.CommitAsync(volume, "vm-3");
        var instances = Path.Combine(host.Store.Root, "instances");
        File.WriteAllText(Path.Combine(instances, "vm-3", "instance.json"), "{");
        string[] strange =
        [
            Path.Combine(instances, "vm-1", "console.log"),
            Path.Combine(instances, "NOTES"),
            Path.Combine(host.Store.Root, "bases", "README"),
        ];
        foreach (var path in strange)
            File.WriteAllText(path, "somebody's");

        host = Restart(host);
        var found = await host.Driver.ListAsync(default);
        Assert.Equal(["vm-1", "vm-3"], found.Disks.Keys.Select(k => k.Value).Order());
        Assert.All(strange, path => Assert.True(File.Exists(path), path));
        Assert.True(File.Exists(damaged.Path));
        Assert.True(File.Exists(unread.Path));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_refused_image_leaves_nothing(bool asGiven)
    {
        TestTool.Need("qemu-img");
        var host = Start(new TestInspector { RefusesImages = asGiven, RefusesResults = !asGiven });
        var image = await TestImages.ConvertAsync(TestImages.Raw(_folder.File("disk")), "qcow2");
        var error = await Assert.ThrowsAsync<PortException>(
            () => host.ImageAsync(image, DiskFormat.Qcow2, 4 * MiB));
        Assert.Equal(LaunchErrorCode.UnsafeImage, error.Error.Code);
        Assert.Contains("test: refused", error.Message);
        Assert.Empty(host.Leftovers());
    }

    [Theory]
    [InlineData("qcow2", DiskFormat.Vmdk, 4 * MiB)]
    [InlineData("qcow2", DiskFormat.Qcow2, 8 * MiB)]
    public async Task An_image_that_qemu_sees_differently_is_refused(
        string format, DiskFormat declared, long virtualBytes)
    {
        TestTool.Need("qemu-img");
        var host = Start(new TestInspector { VirtualSizeBytes = virtualBytes });
        var image = await TestImages.ConvertAsync(TestImages.Raw(_folder.File("disk")), format);
        var error = await Assert.ThrowsAsync<PortException>(
            () => host.ImageAsync(image, declared, virtualBytes));
        Assert.True(
            error.Error.Code is LaunchErrorCode.UnsafeImage or LaunchErrorCode.VolumeDriver);
        Assert.Empty(host.Leftovers());
    }

    [Fact]
    public async Task An_image_that_refers_to_another_file_is_refused()
    {
        TestTool.Need("qemu-img");
        var host = Start(new TestInspector());
        var secret = TestImages.Raw(_folder.File("secret"));
        var image = _folder.File("evil");
        await TestTool.RunAsync(
            "qemu-img", "create", "-q", "-f", "qcow2", "-b", secret, "-F", "raw", image);
        var error = await Assert.ThrowsAsync<PortException>(
            () => host.ImageAsync(image, DiskFormat.Qcow2, 4 * MiB));
        Assert.True(
            error.Error.Code is LaunchErrorCode.UnsafeImage or LaunchErrorCode.VolumeDriver);
        Assert.Empty(host.Leftovers());
    }

    [Fact]
    public async Task A_disk_that_holds_an_image_is_refused()
    {
        TestTool.Need("qemu-img");
        var host = Start();
        var inner = await TestImages.ConvertAsync(TestImages.Raw(_folder.File("disk")), "qcow2");
        var image = await TestImages.ConvertAsync(inner, "qcow2");
        var size = new FileInfo(inner).Length;
        var error = await Assert.ThrowsAsync<PortException>(
            () => host.ImageAsync(image, DiskFormat.Qcow2, size));
        Assert.Equal(LaunchErrorCode.UnsafeImage, error.Error.Code);
        Assert.Contains("after conversion", error.Message);
        Assert.Empty(host.Leftovers());
    }
}
