using NovaCow.Core;

namespace NovaCow.Storage.Tests;

/// <summary>Full copies become clones in place: the blocks that they have in common with the base
/// become the base's own.</summary>
public abstract class BlockSharingTests : IDisposable
{
    private const long MiB = TestImages.MiB;
    private ChangeLab? _lab;

    private protected abstract string Root { get; }

    private ChangeLab Lab => _lab ??= new ChangeLab(Root);

    public void Dispose()
    {
        _lab?.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_copy_shares_what_it_has_in_common_and_keeps_what_differs()
    {
        var (disk, volume) = await CopyAsync();
        await TestTool.RunAsync(
            "qemu-io", "-f", "raw", "-c", "write -P 7 1M 64k", "-c", "write -P 8 9M 64k",
            disk.Disk.Path);
        var before = await Lab.ReadAsync(disk.Disk);
        Assert.Equal(0, (await ExtentsAsync(disk.Disk)).SharedBytes);
        var made = await Lab.ChangeAsync(
            DriverName.Reflink, disk, new DiskChange.Rebase(volume.Key));

        await ChangeLab.AssertReadsAsync(before, made);
        Assert.Equal(disk.Disk.Path, made.Path);
        Assert.Equal((32 * MiB) - (2 * (64 << 10)), (await ExtentsAsync(made)).SharedBytes);
        Assert.Equal(2 * (64 << 10), (await ExtentsAsync(made)).UniqueBytes);
        await ChangeLab.WriteAsync(made, seed: 3);
        var image = Path.Combine(Lab.Store.Root, "bases", volume.Key.Value, "base.raw");
        Assert.Equal(volume.Key.Value, $"sha256-{TestImages.DigestOf(image).Hex}");
    }

    [Fact]
    public async Task A_sharing_that_was_stopped_goes_on_where_it_was()
    {
        var (disk, volume) = await CopyAsync();
        var before = await Lab.ReadAsync(disk.Disk);
        var change = new DiskChange.Rebase(volume.Key);
        using var cancel = new CancellationTokenSource();
        var stop = new Immediately(at =>
        {
            if (at >= 20 * MiB)
                cancel.Cancel();
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => Lab.ChangeAsync(DriverName.Reflink, disk, change, stop, cancel.Token));
        Assert.InRange((await ExtentsAsync(disk.Disk)).SharedBytes, 16 * MiB, 24 * MiB);
        await ChangeLab.AssertReadsAsync(before, disk.Disk);
        var found = await Lab.Driver(DriverName.Copy).ListAsync(default);
        Assert.Equal(DriverName.Copy, Assert.Single(Assert.Single(found.Disks).Value).Driver);

        List<long> pieces = [];
        await Lab.ChangeAsync(DriverName.Reflink, disk, change, new Immediately(pieces.Add));
        Assert.InRange(pieces[0], 16 * MiB, 24 * MiB);
        Assert.Equal(32 * MiB, (await ExtentsAsync(disk.Disk)).SharedBytes);
        await ChangeLab.AssertReadsAsync(before, disk.Disk);
    }

    [Fact]
    public async Task After_a_crash_before_the_record_the_disk_says_itself_whose_it_is()
    {
        var (disk, volume) = await CopyAsync();
        await Lab.ChangeAsync(DriverName.Reflink, disk, new DiskChange.Rebase(volume.Key));

        // The record still says that it is a full copy.
        Assert.Empty((await Lab.Driver(DriverName.Copy).ListAsync(default)).Disks);
        var found = await Lab.Driver(DriverName.Reflink).ListAsync(default);
        Assert.Equal(volume.Key, Assert.Single(Assert.Single(found.Disks).Value).BackingFile);

        // And the same call finds it done.
        var again = await Lab.ChangeAsync(
            DriverName.Reflink, disk, new DiskChange.Rebase(volume.Key));
        Assert.Equal(DriverName.Reflink, again.Driver);
    }

    [Fact]
    public async Task What_was_written_a_moment_ago_is_not_taken_for_shared()
    {
        var (disk, volume) = await CopyAsync(DriverName.Reflink);
        var bytes = new byte[3 * MiB];
        new Random(2).NextBytes(bytes);
        await using (var file = File.OpenWrite(disk.Disk.Path))
        {
            file.Position = 5 * MiB;
            file.Write(bytes);
        }

        var slim = await Lab.ChangeAsync(
            DriverName.Qcow2, disk, new DiskChange.Rebase(volume.Key));
        await ChangeLab.AssertReadsAsync(disk.Disk.Path, slim);
        Assert.InRange(slim.AllocatedBytes, 3 * MiB, 4 * MiB);
    }

    [Fact]
    public async Task A_disk_that_was_given_to_a_hypervisor_stays_its_own()
    {
        var (disk, _) = await CopyAsync(DriverName.Reflink);
        await TestTool.RunAsync("chown", "12:34", disk.Disk.Path);
        var flat = await Lab.ChangeAsync(DriverName.Reflink, disk, new DiskChange.Flatten());
        Assert.True(StoreFiles.TryStat(flat.Path, out var stat));
        Assert.Equal((12u, 34u), (stat.Uid, stat.Gid));
    }

    [Fact]
    public async Task A_flattened_clone_shares_nothing()
    {
        var (disk, _) = await CopyAsync(DriverName.Reflink);
        Assert.Equal(0, (await ExtentsAsync(disk.Disk)).UniqueBytes);
        var flat = await Lab.ChangeAsync(DriverName.Reflink, disk, new DiskChange.Flatten());
        Assert.Equal(0, (await ExtentsAsync(flat)).SharedBytes);
        Assert.Equal(32 * MiB, (await ExtentsAsync(flat)).UniqueBytes);
        Assert.Equal(DriverName.Reflink, flat.Driver);
        Assert.Null(flat.BackingFile);
    }

    private async Task<FileExtents> ExtentsAsync(InstanceDisk disk)
    {
        // While btrfs ends a transaction it answers by the one before, in which less is shared.
        await TestTool.RunAsync("sync", "-f", disk.Path);
        using var file = Lab.Store.Files.OpenToRead(disk.Path);
        Lab.Store.Files.Sync(file, disk.Path);
        return FileExtents.Read(file, disk.Path, default)!.Value;
    }

    /// <summary>A disk of 64 MiB over a base of 32 MiB without holes.</summary>
    private async Task<(DiskOf Disk, BaseVolume Base)> CopyAsync(string driver = DriverName.Copy)
    {
        TestTool.Need("qemu-img", "qemu-io");
        var path = Lab.NewFile();
        var bytes = new byte[32 * MiB];
        new Random(1).NextBytes(bytes);
        await File.WriteAllBytesAsync(path, bytes);
        var volume = await Lab.Host(driver).ImageAsync(path, DiskFormat.Raw, bytes.Length);
        return (await Lab.DiskAsync(driver, volume, "vm-1", 64 * MiB), volume);
    }
}

public sealed class BlockSharingOnXfsTests(XfsFixture mount)
    : BlockSharingTests, IClassFixture<XfsFixture>
{
    private protected override string Root => mount.Path;
}

public sealed class BlockSharingOnBtrfsTests(BtrfsFixture mount)
    : BlockSharingTests, IClassFixture<BtrfsFixture>
{
    private protected override string Root => mount.Path;
}
