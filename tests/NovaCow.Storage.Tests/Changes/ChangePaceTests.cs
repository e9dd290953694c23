using System.Diagnostics;
using NovaCow.Core;

namespace NovaCow.Storage.Tests;

/// <summary>A change reports how far it is, can be given up, and is as slow as it is told to be.
/// </summary>
public sealed class ChangePaceTests
{
    private const long MiB = TestImages.MiB;

    [Theory]
    [InlineData(DriverName.Qcow2)]
    [InlineData(DriverName.Copy)]
    public async Task A_change_that_is_given_up_leaves_the_disk_as_it_was(string driver)
    {
        using var lab = new ChangeLab();
        var (disk, change) = await DiskAsync(lab, driver);
        var before = await lab.ReadAsync(disk.Disk);
        using var cancel = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => lab.ChangeAsync(
            DriverName.Qcow2, disk, change, new Immediately(_ => cancel.Cancel()), cancel.Token));
        Assert.Equal(
            Path.GetFileName(disk.Disk.Path), Assert.Single(ChangeLab.FilesBeside(disk.Disk)));
        await ChangeLab.AssertReadsAsync(before, disk.Disk);
        await lab.ChangeAsync(DriverName.Qcow2, disk, change);
    }

    [Fact]
    public async Task Progress_only_grows_and_ends_with_the_size()
    {
        using var lab = new ChangeLab();
        var (disk, change) = await DiskAsync(lab, DriverName.Copy);
        List<long> said = [];
        await lab.ChangeAsync(DriverName.Qcow2, disk, change, new Immediately(said.Add));
        Assert.Equal(said.Order(), said);
        Assert.Equal(disk.Disk.VirtualSizeBytes, said[^1]);
        Assert.InRange(said.Count, 3, 20);
    }

    [Fact]
    public async Task A_limit_holds_for_all_changes_together_and_not_for_holes()
    {
        // 8 MiB each of data, at 16 MiB a second, in disks of a TiB.
        var limits = new ChangeLimits { BytesPerSecond = 16 * MiB };
        using var lab = new ChangeLab(limits: limits);
        var (one, change) = await DiskAsync(lab, DriverName.Copy, "vm-1", 1L << 40);
        var (other, _) = await DiskAsync(lab, DriverName.Copy, "vm-2", 1L << 40);
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(
            lab.ChangeAsync(DriverName.Qcow2, one, change),
            lab.ChangeAsync(DriverName.Qcow2, other, change));
        Assert.InRange(clock.Elapsed.TotalSeconds, 0.95, 60);
    }

    [Fact]
    public async Task A_slow_change_is_given_up_at_once()
    {
        var limits = new ChangeLimits { BytesPerSecond = 1 };
        using var lab = new ChangeLab(limits: limits);
        var (disk, change) = await DiskAsync(lab, DriverName.Copy);
        using var cancel = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => lab.ChangeAsync(DriverName.Qcow2, disk, change, null, cancel.Token)
                .WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.Single(ChangeLab.FilesBeside(disk.Disk));
    }

    /// <summary>A disk with 8 MiB of data, and its rebase to another base.</summary>
    private static async Task<(DiskOf Disk, DiskChange Change)> DiskAsync(
        ChangeLab lab, string driver, string id = "vm-1", long bytes = 16 * MiB)
    {
        TestTool.Need("qemu-img", "qemu-io");
        var volume = await lab.BaseAsync(MiB, seed: 1);
        var other = await lab.BaseAsync(MiB, seed: 2);
        var disk = await lab.DiskAsync(driver, volume, id, bytes);
        await TestTool.RunAsync(
            "qemu-io", "-f", disk.Disk.Format, "-c", "write -P 5 4M 8M", disk.Disk.Path);
        return (disk, new DiskChange.Rebase(other.Key));
    }
}
