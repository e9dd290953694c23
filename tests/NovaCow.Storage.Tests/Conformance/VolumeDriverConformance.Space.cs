using NovaCow.Core;

namespace NovaCow.Storage.Tests;

/// <summary>What disks take, and a disk that is full.</summary>
public abstract partial class VolumeDriverConformance
{
    private const int MoreClonesThanFit = 4000;

    /// <summary>Whether a disk says what it alone takes when it is made; else what it maps, its
    /// base's blocks included, until all are measured.</summary>
    private protected virtual bool TellsOwnBytes => true;

    [Fact]
    public virtual async Task What_a_guest_writes_is_measured_and_what_is_deleted_is_not()
    {
        TestTool.Need("qemu-img", "qemu-io");
        var host = Start();
        var raw = TestImages.Raw(_folder.File("disk"), 16 * MiB);
        var volume = await host.ImageAsync(raw, DiskFormat.Raw, 16 * MiB);
        var written = await host.CommitAsync(volume, "vm-1");
        var other = await host.CommitAsync(volume, "vm-2");
        var before = await UsageAsync(host);
        var clean = before.Disks.Single(d => d.Instance.Value == "vm-2");
        Assert.Equal(2, before.Disks.Count);
        if (TellsOwnBytes)
            Assert.Equal(clean.UniqueBytes, other.AllocatedBytes);
        Assert.All(before.Disks, d => Assert.Equal(16 * MiB, d.VirtualSizeBytes));
        Assert.All(before.Disks, d => Assert.Equal(other.BackingFile, d.BackingFile));
        Assert.All(before.Disks, d => Assert.InRange(
            d.UniqueBytes, 0, other.BackingFile is null ? 3 * MiB : 64 << 10));
        var taken = Assert.Single(before.Bases);
        Assert.Equal(
            new BaseUsage(volume.Key, volume.VirtualSizeBytes, volume.AllocatedBytes), taken);

        // Between the image's two pieces there is nothing yet, in a disk of any kind.
        await WriteAsync(written, 0xAB, at: 4 * MiB, bytes: 2 * MiB);
        var after = await UsageAsync(host);
        Assert.Equal(clean, after.Disks.Single(d => d.Instance.Value == "vm-2"));
        var grown = after.Disks.Single(d => d.Instance.Value == "vm-1").UniqueBytes;
        Assert.InRange(grown - clean.UniqueBytes, 2 * MiB, (2 * MiB) + (512 << 10));
        Assert.Equal(before.Bases, after.Bases);

        await host.Store.DeleteInstanceAsync(InstanceId.Parse("vm-1"), default);
        await host.Driver.DeleteDiskAsync(InstanceId.Parse("vm-1"), written.Name, default);
        Assert.Equal(clean, Assert.Single((await UsageAsync(host)).Disks));
    }

    [Fact]
    public virtual async Task Measuring_changes_nothing_and_passes_over_what_is_not_a_whole_disk()
    {
        var host = Start();
        var volume = await host.BlankAsync(MiB);
        var kept = await host.CommitAsync(volume, "vm-1");
        var folder = Path.GetDirectoryName(kept.Path)!;
        string[] strange =
        [
            Path.Combine(folder, $"swap{Path.GetExtension(kept.Path)}"),
            Path.Combine(folder, $"NOTES{Path.GetExtension(kept.Path)}"),
            Path.Combine(host.Store.Root, "instances", "README"),
            Path.Combine(host.Store.Root, "bases", "README"),
        ];
        foreach (var path in strange)
            File.WriteAllText(path, "somebody's");
        var usage = await host.Driver.MeasureAsync(default);
        Assert.Equal("vm-1", Assert.Single(usage.Disks).Instance.Value);
        Assert.Equal(volume.Key, Assert.Single(usage.Bases).Key);
        Assert.All(strange, path => Assert.Equal("somebody's", File.ReadAllText(path)));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => host.Driver.MeasureAsync(new CancellationToken(canceled: true)));
    }

    [Fact]
    public virtual async Task A_full_disk_is_told_leaves_nothing_and_is_got_over()
    {
        TestTool.Need("qemu-img");
        if (LoopMount.WhyNot(SmallFileSystem) is { } reason)
            Assert.Skip(reason);
        await using var mount = await LoopMount.MakeAsync(SmallFileSystem);
        var root = Path.Combine(mount.Path, "store");
        using (var host = Open(root))
            await FillUpAsync(host);
        using var again = Open(root);
        var found = await again.Driver.ListAsync(default);
        Assert.Equal("last", Assert.Single(found.Disks).Key.Value);
        Assert.Single(found.Bases);
        Assert.Equal(2, again.Leftovers().Length);
    }

    private async Task FillUpAsync(DriverHost host)
    {
        var volume = await host.BlankAsync(MiB);
        var raw = TestImages.Raw(_folder.File("disk"));
        var image = await TestImages.ConvertAsync(raw, "qcow2");
        var filler = Path.Combine(host.Store.Root, "filler");
        Filler.Fill(filler);
        await NoRoomAsync(host, () => host.ImageAsync(raw, DiskFormat.Raw, 4 * MiB));
        await NoRoomAsync(host, () => host.ImageAsync(image, DiskFormat.Qcow2, 4 * MiB));

        // A clone may need no more than an inode, of which there are some.
        var made = 0;
        await NoRoomAsync(host, async () =>
        {
            for (; made < MoreClonesThanFit; made++)
                await host.CloneAsync(volume, $"vm-{made}");
        });
        Assert.Equal(1 + made, host.Leftovers().Length);

        File.Delete(filler);
        await host.CommitAsync(volume, "last");
        await host.ImageAsync(raw, DiskFormat.Raw, 4 * MiB);
        await host.Driver.DeleteBaseAsync(
            TestImages.Describe(raw, DiskFormat.Raw, 4 * MiB).BaseKey(), default);
    }

    private static async Task NoRoomAsync(DriverHost host, Func<Task> act)
    {
        var bases = Path.Combine(host.Store.Root, "bases");
        var error = await Assert.ThrowsAsync<PortException>(act);
        Assert.Equal(LaunchErrorCode.InsufficientStorage, error.Error.Code);
        Assert.Contains(host.Store.Root, error.Message);
        Assert.Single(Directory.EnumerateFileSystemEntries(bases));
    }

    /// <summary>A file's pieces are counted when they lie on the disk.</summary>
    private static async Task<VolumeUsage> UsageAsync(DriverHost host)
    {
        await TestTool.RunAsync("sync", "-f", host.Store.Root);
        return await host.Driver.MeasureAsync(default);
    }
}
