using NovaCow.Core;

namespace NovaCow.Storage.Tests;

/// <summary>Disks that are read from the store of a dead host.</summary>
public sealed class TakenOverDiskTests(XfsFixture xfs) : IClassFixture<XfsFixture>
{
    private const long MiB = TestImages.MiB;

    [Theory]
    [InlineData(DriverName.Qcow2, 1)]
    [InlineData(DriverName.Qcow2, 2)]
    [InlineData(DriverName.Reflink, 1)]
    [InlineData(DriverName.Copy, 1)]
    public async Task What_a_guest_wrote_reads_the_same_and_the_dead_hosts_disk_stays(
        string driver, int seed)
    {
        using var lab = new DeadLab(xfs.Path);
        var (disk, expected) = await lab.DieWithAsync(driver, seed);
        var key = (await lab.To.Driver(driver).ListAsync(default)).Bases.Single().Key;
        var taken = await lab.TakeAsync(lab.Request(disk, key), driver);
        Assert.True(taken.Created);
        Assert.Equal(disk.Disk.BackingFile, taken.Value.BackingFile);
        Assert.StartsWith(lab.To.Store.Root, taken.Value.Path, StringComparison.Ordinal);
        await ChangeLab.AssertReadsAsync(expected, taken.Value);
        await ChangeLab.AssertReadsAsync(expected, disk.Disk);
        Assert.False((await lab.TakeAsync(lab.Request(disk, key), driver)).Created);
    }

    [Fact]
    public async Task A_disk_that_was_made_anew_is_taken_over_from_where_its_record_says()
    {
        TestTool.Need("qemu-img", "qemu-io");
        using var lab = new DeadLab();
        var volume = await lab.From.BaseAsync(8 * MiB, 1);
        var first = await lab.From.DiskAsync(DriverName.Qcow2, volume, DeadLab.Vm, 24 * MiB);
        var anew = await lab.From.ChangeAsync(
            DriverName.Qcow2, first, new DiskChange.Rebuild(volume.Key));
        await lab.From.Store.SaveInstanceAsync(
            TestImages.Record(first.Instance, anew), default);
        await ChangeLab.WriteAsync(anew, 4);
        var expected = await lab.From.ReadAsync(anew);
        lab.From.Store.Dispose();
        await lab.To.BaseAsync(8 * MiB, 1);
        var disk = first with { Disk = anew };
        var taken = await lab.TakeAsync(lab.Request(disk), DriverName.Qcow2);
        await ChangeLab.AssertReadsAsync(expected, taken.Value);
    }

    [Fact]
    public async Task Only_what_differs_from_the_base_is_stored_and_the_dead_hosts_is_not_read()
    {
        using var lab = new DeadLab();
        var (disk, expected) = await lab.DieWithAsync(DriverName.Qcow2);
        var theirs = lab.From.Store.Layout.BaseData(disk.Disk.BackingFile!);
        File.Delete(theirs);
        await File.WriteAllBytesAsync(theirs, new byte[MiB]);
        var taken = await lab.TakeAsync(lab.Request(disk), DriverName.Qcow2);
        await ChangeLab.AssertReadsAsync(expected, taken.Value);
        Assert.True(taken.Value.AllocatedBytes < 6 * MiB, $"{taken.Value.AllocatedBytes} bytes");
    }

    [Fact]
    public async Task A_clone_of_a_blank_base_is_read_through_the_dead_hosts_own()
    {
        TestTool.Need("qemu-img", "qemu-io", "mke2fs");
        using var lab = new DeadLab();
        var blank = TestImages.Blank(4 * MiB, BlankFileSystem.Ext4);
        var volume = (await lab.From.Driver(DriverName.Qcow2)
            .EnsureBaseAsync(blank, null, null, default)).Value;
        var disk = await lab.From.DiskAsync(DriverName.Qcow2, volume, DeadLab.Vm, 4 * MiB);
        await ChangeLab.WriteAsync(disk.Disk, 3);
        var expected = await lab.From.ReadAsync(disk.Disk);
        lab.From.Store.Dispose();
        await lab.To.Driver(DriverName.Qcow2).EnsureBaseAsync(blank, null, null, default);
        var taken = await lab.TakeAsync(lab.Request(disk), DriverName.Qcow2);
        await ChangeLab.AssertReadsAsync(expected, taken.Value);
    }

    [Fact]
    public Task A_crash_before_any_step_leaves_nothing_once_the_host_starts_again() => ForEachAsync(
        async (take, faults, step) =>
        {
            faults.CrashAt(step);
            await Assert.ThrowsAsync<CrashException>(take);
        });

    [Fact]
    public Task An_error_at_any_step_is_told_and_leaves_nothing_once_the_host_starts_again() =>
        ForEachAsync(async (take, faults, step) =>
        {
            faults.FailAt(step, LibC.ENOSPC);
            var error = await Assert.ThrowsAsync<PortException>(take);
            Assert.Equal(LaunchErrorCode.InsufficientStorage, error.Error.Code);
        });

    private static async Task ForEachAsync(Func<Func<Task>, FaultInjector, int, Task> act)
    {
        var faults = new FaultInjector();
        using var lab = new DeadLab(faults: faults);
        var (disk, expected) = await lab.DieWithAsync(DriverName.Qcow2);
        var driver = lab.To.Driver(DriverName.Qcow2);
        var steps = 1;
        for (var step = -1; step < steps; step++)
        {
            faults.Count();
            if (step < 0)
            {
                await TakeAsync();
                steps = faults.Steps.Count;
                Assert.InRange(steps, 5, 80);
            }
            else
            {
                await act(TakeAsync, faults, step);
            }

            // No record names it: a start removes it, whole or not.
            faults.Count();
            Assert.Empty((await driver.ListAsync(default)).Disks);
            Assert.Empty(Directory.GetFileSystemEntries(lab.To.Store.Layout.Instances));
            lab.CheckAndClearFences();
        }

        await TakeAsync();
        await ChangeLab.AssertReadsAsync(expected, disk.Disk);

        async Task TakeAsync()
        {
            await lab.FenceAsync();
            await ChangeLab.AssertReadsAsync(
                expected, (await lab.TakeAsync(lab.Request(disk), DriverName.Qcow2)).Value);
        }
    }
}
