using NovaCow.Core;

namespace NovaCow.Storage.Tests;

/// <summary>Every change of every kind of disk into every kind, with what a guest wrote before and
/// writes afterwards.</summary>
public abstract class DiskChangeTests(string[] drivers)
{
    private const int Seeds = 3;
    private const long MiB = TestImages.MiB;

    private protected abstract ChangeLab Open();

    [Fact]
    public Task A_disk_that_grew_reads_as_before_and_then_as_zeros() => ForAllAsync(
        async (lab, driver, seed) =>
        {
            var volume = await lab.BaseAsync((2 * MiB) + (512 * seed), seed);
            var disk = await lab.DiskAsync(driver, volume, "vm-1", (3 * MiB) + (512 * seed));
            await ChangeLab.WriteAsync(disk.Disk, seed);
            var before = await lab.ReadAsync(disk.Disk);
            long[] sizes = [disk.Disk.VirtualSizeBytes, 4 * MiB, 700 * MiB, 2L << 40];
            foreach (var bytes in sizes)
            {
                var grown = await lab.ChangeAsync(driver, disk, new DiskChange.Grow(bytes));
                Assert.Equal(disk.Disk with { VirtualSizeBytes = bytes, AllocatedBytes = 0 },
                    grown with { AllocatedBytes = 0 });
                await ChangeLab.AssertReadsAsync(before, grown);
                disk = disk with { Disk = grown };
            }

            await ChangeLab.WriteAsync(disk.Disk, seed + 1);
            await ChangeLab.AssertReadsAsync(
                await lab.ReadAsync(disk.Disk with { VirtualSizeBytes = 2L << 40 }), disk.Disk);
            Assert.Single(ChangeLab.FilesBeside(disk.Disk));
        });

    [Fact]
    public Task A_flattened_disk_needs_its_base_no_more() => ForAllAsync(
        async (lab, driver, seed) =>
        {
            var volume = await lab.BaseAsync((2 * MiB) + (512 * seed), seed);
            var disk = await lab.DiskAsync(driver, volume, "vm-1", (3 * MiB) + (512 * seed));
            await ChangeLab.WriteAsync(disk.Disk, seed);
            var before = await lab.ReadAsync(disk.Disk);
            var flat = await lab.ChangeAsync(driver, disk, new DiskChange.Flatten());

            Assert.Null(flat.BackingFile);
            Assert.Equal(disk.Disk.Path, flat.Path);
            await lab.Driver(driver).DeleteBaseAsync(volume.Key, default);
            await ChangeLab.AssertReadsAsync(before, flat);
            Assert.InRange(flat.AllocatedBytes, 1, 4 * MiB);
            Assert.Equal(flat, await lab.ChangeAsync(
                driver, disk with { Disk = flat }, new DiskChange.Flatten()));
            await ChangeLab.WriteAsync(flat, seed + 1);
            await ChangeLab.AssertReadsAsync(await lab.ReadAsync(flat), flat);
            Assert.Single(ChangeLab.FilesBeside(flat));
        });

    [Fact]
    public Task A_disk_over_another_base_reads_as_before() => ForAllAsync(
        async (lab, driver, seed) =>
        {
            foreach (var to in drivers.Where(d => d != DriverName.Copy))
                await RebaseAsync(lab, (driver, to), $"{to}-{driver}", seed);
        });

    [Fact]
    public Task A_rebased_disk_keeps_only_what_differs() => ForAllAsync(
        async (lab, driver, seed) =>
        {
            var volume = await lab.BaseAsync(8 * MiB, seed);
            var disk = await lab.DiskAsync(driver, volume, "vm-1", 16 * MiB);
            await TestTool.RunAsync(
                "qemu-io", "-f", disk.Disk.Format, "-c", "write -P 7 9M 64k", disk.Disk.Path);
            var flat = await lab.ChangeAsync(driver, disk, new DiskChange.Flatten());
            var slim = await lab.ChangeAsync(
                DriverName.Qcow2, disk with { Disk = flat }, new DiskChange.Rebase(volume.Key));

            // A header, a cluster of data, and a table of each kind.
            Assert.InRange(slim.AllocatedBytes, 1, 6 * (64 << 10));
        });

    private async Task RebaseAsync(
        ChangeLab lab, (string From, string To) drivers, string id, int seed)
    {
        // The second base has much of the first, as a newer image has of an older one.
        var first = await lab.BaseAsync((2 * MiB) + (512 * seed), seed);
        var second = await lab.BaseAsync((2 * MiB) + (512 * seed), -seed);
        var disk = await lab.DiskAsync(drivers.From, first, id, (3 * MiB) + (512 * seed));
        await ChangeLab.WriteAsync(disk.Disk, seed);
        foreach (var volume in (BaseVolume[])[second, first])
        {
            var before = await lab.ReadAsync(disk.Disk);
            var rebased = await lab.ChangeAsync(
                drivers.To, disk, new DiskChange.Rebase(volume.Key));
            Assert.Equal(volume.Key, rebased.BackingFile);
            Assert.Equal(drivers.To, rebased.Driver);
            Assert.Equal(disk.Disk.VirtualSizeBytes, rebased.VirtualSizeBytes);
            await ChangeLab.AssertReadsAsync(before, rebased);
            if (rebased.Path != disk.Disk.Path)
            {
                Assert.Equal(2, ChangeLab.FilesBeside(rebased).Length);
                await ChangeLab.AssertReadsAsync(before, disk.Disk);
                await lab.Store.SaveInstanceAsync(
                    TestImages.Record(disk.Instance, rebased), default);
                await lab.Driver(disk.Disk.Driver).DeleteDiskAsync(
                    disk.Instance, disk.Disk.Name, default);
            }

            Assert.Single(ChangeLab.FilesBeside(rebased));
            disk = disk with { Disk = rebased };
            await ChangeLab.WriteAsync(disk.Disk, seed + 1);
        }
    }

    /// <summary>Runs a scenario on a new store for each driver and seed.</summary>
    private async Task ForAllAsync(Func<ChangeLab, string, int, Task> scenario)
    {
        TestTool.Need("qemu-img", "qemu-io");
        foreach (var driver in drivers)
        {
            for (var seed = 1; seed <= Seeds; seed++)
            {
                using var lab = Open();
                try
                {
                    await scenario(lab, driver, seed);
                }
                catch (Exception e)
                {
                    throw new InvalidOperationException($"driver {driver}, seed {seed}", e);
                }
            }
        }
    }
}

public sealed class DiskChangeOnAnyFileSystemTests()
    : DiskChangeTests([DriverName.Qcow2, DriverName.Copy])
{
    private protected override ChangeLab Open() => new();
}

public sealed class DiskChangeOnXfsTests(XfsFixture mount)
    : DiskChangeTests(DiskChangeOnXfsTests.AllDrivers), IClassFixture<XfsFixture>
{
    internal static readonly string[] AllDrivers =
        [DriverName.Qcow2, DriverName.Reflink, DriverName.Copy];

    private protected override ChangeLab Open() => new(mount.Path);
}

public sealed class DiskChangeOnBtrfsTests(BtrfsFixture mount)
    : DiskChangeTests(DiskChangeOnXfsTests.AllDrivers), IClassFixture<BtrfsFixture>
{
    private protected override ChangeLab Open() => new(mount.Path);
}
