using NovaCow.Core;
using NovaCow.Storage.Inspection;

namespace NovaCow.Storage.Tests;

/// <summary>Disks in the layout of EC2, with the tools that a guest's kernel stands for.</summary>
public sealed class Ec2LayoutTests : IDisposable
{
    private const long MiB = TestImages.MiB;
    private const long RootBytes = 40 * MiB;
    private static readonly InstanceId s_instance = InstanceId.Parse("vm-1");
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(BlankFileSystem.Ext4, "ext4", "ephemeral0", DiskLayout.Auto)]
    [InlineData(BlankFileSystem.Xfs, "xfs", "ephemeral0", DiskLayout.Ec2)]
    [InlineData(BlankFileSystem.Vfat, "vfat", "ephemeral0", DiskLayout.Auto)]
    [InlineData(BlankFileSystem.Ntfs, "ntfs", "ephemeral0", DiskLayout.Ec2)]
    [InlineData(BlankFileSystem.Swap, "swap", "swap0", DiskLayout.Auto)]
    public async Task Both_partitions_hold_what_they_should(
        BlankFileSystem fs, string type, string label, DiskLayout layout)
    {
        TestTool.Need($"mk{(type == "swap" ? "swap" : "fs." + type)}", "mkfs.ext4", "blkid");
        using var host = Open();
        var (volume, image) = await BaseAsync(host);
        var local = new BlankSpec(320 * MiB, fs);
        var disk = await MakeAsync(host, Request(volume, layout, local));
        Assert.Equal(DiskLayout.Ec2, disk.Layout);
        Assert.Equal(361 * MiB, disk.VirtualSizeBytes);
        Assert.Equal(361 * MiB, new FileInfo(disk.Path).Length);
        Assert.InRange(disk.AllocatedBytes, 1, 100 * MiB);
        var root = new byte[volume.VirtualSizeBytes];
        using (var file = File.OpenRead(disk.Path))
        {
            file.Position = MiB;
            file.ReadExactly(root);
        }

        Assert.Equal(File.ReadAllBytes(image), root);
        Assert.Equal(type, await BlkidAsync(disk.Path, 41 * MiB, "TYPE"));
        Assert.Equal(label, await BlkidAsync(disk.Path, 41 * MiB, "LABEL"));
        var folder = Path.GetDirectoryName(disk.Path)!;
        Assert.Equal([disk.Path], Directory.GetFileSystemEntries(folder));
    }

    [Fact]
    public async Task Both_partitions_are_clean_and_can_be_mounted()
    {
        TestTool.Need("losetup", "mount", "umount", "mkfs.ext4", "e2fsck");
        if (LoopMount.WhyNot(LoopFileSystem.Ext4) is { } reason)
            Assert.Skip(reason);
        using var host = Open();
        var (volume, _) = await BaseAsync(host);
        var local = new BlankSpec(64 * MiB, BlankFileSystem.Ext4);
        var disk = await MakeAsync(host, Request(volume, DiskLayout.Ec2, local));
        Assert.Equal("a guest's file", await ReadAsync(disk.Path, MiB, RootBytes, "etc/motd"));
        Assert.Null(await ReadAsync(disk.Path, 41 * MiB, 64 * MiB, "etc/motd"));
    }

    [Fact]
    public async Task A_root_alone_becomes_one_partition()
    {
        TestTool.Need("mkfs.ext4");
        using var host = Open();
        var (volume, _) = await BaseAsync(host);
        var disk = await MakeAsync(host, Request(volume, DiskLayout.Ec2, local: null));
        Assert.Equal(41 * MiB, disk.VirtualSizeBytes);
        Assert.Equal(DiskLayout.Ec2, disk.Layout);
    }

    [Fact]
    public async Task A_disk_with_its_own_partitions_is_copied_whole_and_never_put_into_one()
    {
        TestTool.Need("mkfs.ext4");
        using var host = Open();
        var (volume, _) = await BaseAsync(host);
        var local = new BlankSpec(64 * MiB, BlankFileSystem.Ext4);
        var inner = await MakeAsync(host, Request(volume, DiskLayout.Ec2, local: null));
        var partitioned = await host.ImageAsync(inner.Path, DiskFormat.Raw, 41 * MiB);
        var request = Request(partitioned, DiskLayout.Auto, local) with
        {
            Instance = InstanceId.Parse("vm-2"),
            VirtualSizeBytes = 48 * MiB,
        };
        var disk = await MakeAsync(host, request);
        Assert.Equal(DiskLayout.Whole, disk.Layout);
        Assert.Equal(48 * MiB, disk.VirtualSizeBytes);
        await RefusedAsync(
            host,
            request with { Layout = DiskLayout.Ec2, Instance = InstanceId.Parse("vm-3") },
            "has a partition table of its own");
    }

    [Fact]
    public async Task A_disk_is_found_again_as_it_was_asked_for_and_not_otherwise()
    {
        TestTool.Need("mkfs.ext4");
        using var host = Open();
        var (volume, _) = await BaseAsync(host);
        var local = new BlankSpec(64 * MiB, BlankFileSystem.Ext4);
        var request = Request(volume, DiskLayout.Auto, local);
        var made = await MakeAsync(host, request);
        var again = await host.Driver.EnsureDiskAsync(request, null, default);
        Assert.False(again.Created);
        Assert.Equal(made, again.Value);
        CloneRequest[] others =
        [
            request with { LocalStorage = null },
            request with { Layout = DiskLayout.Whole },
            request with { VirtualSizeBytes = RootBytes + MiB },
        ];
        foreach (var other in others)
        {
            var error = await Assert.ThrowsAsync<PortException>(
                () => host.Driver.EnsureDiskAsync(other, null, default));
            Assert.Contains("delete the instance first", error.Message, StringComparison.Ordinal);
        }

        var digest = TestImages.DigestOf(made.Path);
        await host.Driver.DeleteDiskAsync(s_instance, DiskName.Root, default);
        Assert.Equal(digest, TestImages.DigestOf((await MakeAsync(host, request)).Path));
    }

    [Fact]
    public async Task What_cannot_be_is_refused_with_the_reason_and_leaves_nothing()
    {
        TestTool.Need("mkfs.ext4", "mkfs.xfs");
        using var host = Open();
        var (volume, _) = await BaseAsync(host);
        var local = new BlankSpec(64 * MiB, BlankFileSystem.Ext4);
        var request = Request(volume, DiskLayout.Ec2, local);
        await RefusedAsync(
            host, request with { VirtualSizeBytes = 1L << 41 }, "a master boot record can count");
        await RefusedAsync(
            host,
            request with { LocalStorage = new BlankSpec(100, BlankFileSystem.Ext4) },
            "give a multiple of 512");
        var tooSmall = request with { LocalStorage = new BlankSpec(MiB, BlankFileSystem.Xfs) };
        var error = await Assert.ThrowsAsync<PortException>(
            () => host.Driver.EnsureDiskAsync(tooSmall, null, default));
        Assert.Contains("mkfs.xfs", error.Message, StringComparison.Ordinal);
        Assert.Single(host.Leftovers());
    }

    [Fact]
    public async Task Drivers_that_share_blocks_refuse_it_and_take_auto_for_whole()
    {
        TestTool.Need("mkfs.ext4");
        var store = HostStore.Open(_folder.File("store"));
        using var host = new DriverHost(store, new Qcow2VolumeDriver(store, new ImageInspector()));
        var (volume, _) = await BaseAsync(host);
        var local = new BlankSpec(64 * MiB, BlankFileSystem.Ext4);
        await RefusedAsync(host, Request(volume, DiskLayout.Ec2, local), "ask for the driver copy");
        var disk = await MakeAsync(host, Request(volume, DiskLayout.Auto, local));
        Assert.Equal(DiskLayout.Whole, disk.Layout);
        Assert.Equal(RootBytes, disk.VirtualSizeBytes);
    }

    [Fact]
    public async Task A_crash_or_an_error_at_any_step_leaves_all_or_nothing()
    {
        TestTool.Need("mkfs.ext4", "mkswap");
        var faults = new FaultInjector();
        BaseVolume volume;
        using (var host = Open())
            volume = (await BaseAsync(host)).Volume;
        var request = Request(volume, DiskLayout.Ec2, new BlankSpec(MiB, BlankFileSystem.Swap));
        var step = 0;
        for (var isDone = false; !isDone; step++)
        {
            using (var host = Open(faults))
            {
                faults.CrashAt(step);
                var crash = await Record.ExceptionAsync(() => MakeAsync(host, request));
                Assert.True(crash is CrashException or null, $"{crash}");
                isDone = crash is null;
            }

            faults.Count();
            using var after = Open(faults);
            Assert.Empty((await after.Driver.ListAsync(default)).Disks);
            Assert.Single(after.Leftovers());
            faults.FailAt(step, LibC.ENOSPC);
            var error = await Record.ExceptionAsync(() => MakeAsync(after, request));
            faults.Count();
            if (error is not null)
            {
                var refused = Assert.IsType<PortException>(error);
                Assert.Equal(LaunchErrorCode.InsufficientStorage, refused.Error.Code);
                await MakeAsync(after, request);
            }

            await after.Driver.DeleteDiskAsync(s_instance, DiskName.Root, default);
        }

        Assert.InRange(step, 20, 100);
    }

    private DriverHost Open(FaultInjector? faults = null)
    {
        var store = HostStore.Open(
            _folder.File("store"), options: null, faults?.Files() ?? new StoreFiles());
        return new DriverHost(store, new CopyVolumeDriver(store, new ImageInspector()));
    }

    /// <summary>A bare ext4 file system with a file in it.</summary>
    private async Task<(BaseVolume Volume, string Image)> BaseAsync(DriverHost host)
    {
        var content = Directory.CreateDirectory(_folder.File("content/etc"));
        File.WriteAllText(Path.Combine(content.FullName, "motd"), "a guest's file");
        var image = _folder.File("image");
        await TestTool.RunAsync(
            "mkfs.ext4", "-q", "-F", "-d", _folder.File("content"), image, "32M");
        return (await host.ImageAsync(image, DiskFormat.Raw, 32 * MiB), image);
    }

    private static CloneRequest Request(BaseVolume volume, DiskLayout layout, BlankSpec? local) =>
        new(s_instance, DiskName.Root, volume.Key, RootBytes)
        {
            Layout = layout,
            LocalStorage = local,
        };

    private static async Task<InstanceDisk> MakeAsync(DriverHost host, CloneRequest request) =>
        (await host.Driver.EnsureDiskAsync(request, null, default)).Value;

    private static async Task RefusedAsync(DriverHost host, CloneRequest request, string reason)
    {
        var before = host.Leftovers();
        var error = await Assert.ThrowsAsync<PortException>(() => MakeAsync(host, request));
        Assert.Equal(LaunchErrorCode.InvalidRequest, error.Error.Code);
        Assert.False(error.Error.IsRetryable);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.Equal(before, host.Leftovers());
    }

    private static async Task<string> BlkidAsync(string file, long offset, string tag) =>
        (await TestTool.RunAsync(
            "blkid", "-p", "-O", $"{offset}", "-o", "value", "-s", tag, file)).Trim();

    /// <summary>Checks and mounts a partition as a kernel would see it, and reads a file; null when
    /// it is not there.</summary>
    private async Task<string?> ReadAsync(string disk, long offset, long bytes, string file)
    {
        var device = (await TestTool.RunAsync(
            "losetup", "-f", "--show", "-o", $"{offset}", "--sizelimit", $"{bytes}", disk)).Trim();
        var folder = Directory.CreateDirectory(_folder.File($"mount-{offset}")).FullName;
        try
        {
            await TestTool.RunAsync("e2fsck", "-f", "-n", device);
            await TestTool.RunAsync("mount", device, folder);
            try
            {
                var path = Path.Combine(folder, file);
                return File.Exists(path) ? File.ReadAllText(path) : null;
            }
            finally
            {
                await TestTool.RunAsync("umount", folder);
            }
        }
        finally
        {
            await TestTool.RunAsync("losetup", "-d", device);
        }
    }
}
