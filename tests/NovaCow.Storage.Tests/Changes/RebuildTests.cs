using NovaCow.Core;

namespace NovaCow.Storage.Tests;

/// <summary>A disk that is made anew from a base: the new one beside the old one, of the same kind
/// or another, again and again.</summary>
public abstract class RebuildTests(string[] drivers)
{
    private const long MiB = TestImages.MiB;

    private protected abstract ChangeLab Open();

    [Fact]
    public Task A_rebuilt_disk_reads_as_its_base_and_the_old_one_stays_until_it_is_deleted() =>
        ForAllAsync(async (lab, from, to) =>
        {
            var first = await lab.BaseAsync(2 * MiB, seed: 1);
            var second = await lab.BaseAsync((2 * MiB) + 512, seed: 2);
            var disk = await lab.DiskAsync(from, first, "vm-1", 3 * MiB);
            foreach (var volume in (BaseVolume[])[second, second, first])
            {
                await ChangeLab.WriteAsync(disk.Disk, seed: 1, writes: 4);
                var before = await lab.ReadAsync(disk.Disk);
                var anew = await lab.ChangeAsync(to, disk, new DiskChange.Rebuild(volume.Key));

                Assert.NotEqual(disk.Disk.Path, anew.Path);
                Assert.Equal(to == DriverName.Copy ? null : volume.Key, anew.BackingFile);
                Assert.Equal((to, 3 * MiB), (anew.Driver, anew.VirtualSizeBytes));
                await ChangeLab.AssertReadsAsync(BaseFile(lab, volume), anew);
                await ChangeLab.AssertReadsAsync(before, disk.Disk);
                disk = await ReplaceAsync(lab, disk, anew);
            }
        });

    [Fact]
    public Task A_start_keeps_the_one_that_the_record_names() => ForAllAsync(
        async (lab, from, to) =>
        {
            var volume = await lab.BaseAsync(2 * MiB, seed: 1);
            var disk = await lab.DiskAsync(from, volume, "vm-1", 3 * MiB);
            await ChangeLab.WriteAsync(disk.Disk, seed: 1, writes: 4);
            var before = await lab.ReadAsync(disk.Disk);
            var rebuild = new DiskChange.Rebuild(volume.Key);
            await lab.ChangeAsync(to, disk, rebuild);
            Assert.Equal(disk.Disk.Path, Assert.Single(await ListAsync(lab, drivers)).Path);
            await ChangeLab.AssertReadsAsync(before, disk.Disk);

            var anew = await lab.ChangeAsync(to, disk, rebuild);
            await lab.Store.SaveInstanceAsync(TestImages.Record(disk.Instance, anew), default);
            Assert.Equal(anew.Path, Assert.Single(await ListAsync(lab, drivers)).Path);
            Assert.Single(ChangeLab.FilesBeside(anew));
            await ChangeLab.AssertReadsAsync(BaseFile(lab, volume), anew);
        });

    [Fact]
    public Task A_rebuilt_disk_is_changed_where_it_is() => ForAllAsync(async (lab, from, to) =>
    {
        var volume = await lab.BaseAsync(2 * MiB, seed: 1);
        var disk = await lab.DiskAsync(from, volume, "vm-1", 3 * MiB);
        disk = await ReplaceAsync(
            lab, disk, await lab.ChangeAsync(to, disk, new DiskChange.Rebuild(volume.Key)));
        await ChangeLab.WriteAsync(disk.Disk, seed: 2, writes: 4);
        var before = await lab.ReadAsync(disk.Disk);
        DiskChange[] changes = [new DiskChange.Grow(5 * MiB), new DiskChange.Flatten()];
        foreach (var change in changes)
        {
            var changed = await lab.ChangeAsync(to, disk, change);
            Assert.Equal(disk.Disk.Path, changed.Path);
            await ChangeLab.AssertReadsAsync(before, changed);
            disk = disk with { Disk = changed };
        }

        Assert.Single(ChangeLab.FilesBeside(disk.Disk));
    });

    private static async Task<DiskOf> ReplaceAsync(ChangeLab lab, DiskOf disk, InstanceDisk anew)
    {
        await lab.Store.SaveInstanceAsync(TestImages.Record(disk.Instance, anew), default);
        for (var again = 0; again < 2; again++)
        {
            await lab.Driver(disk.Disk.Driver).DeleteDiskAsync(
                disk.Instance, disk.Disk.Name, default);
        }

        Assert.Equal([Path.GetFileName(anew.Path)], ChangeLab.FilesBeside(anew));
        return disk with { Disk = anew };
    }

    private static async Task<List<InstanceDisk>> ListAsync(ChangeLab lab, string[] drivers)
    {
        List<InstanceDisk> found = [];
        foreach (var driver in drivers)
        {
            var listed = await lab.Driver(driver).ListAsync(default);
            found.AddRange(listed.Disks.Values.SelectMany(d => d));
        }

        return found;
    }

    private static string BaseFile(ChangeLab lab, BaseVolume volume) =>
        lab.Store.Layout.BaseData(volume.Key);

    private async Task ForAllAsync(Func<ChangeLab, string, string, Task> scenario)
    {
        TestTool.Need("qemu-img", "qemu-io");
        foreach (var from in drivers)
        {
            foreach (var to in drivers)
            {
                using var lab = Open();
                try
                {
                    await scenario(lab, from, to);
                }
                catch (Exception e)
                {
                    throw new InvalidOperationException($"from {from} to {to}", e);
                }
            }
        }
    }
}

public sealed class RebuildOnAnyFileSystemTests()
    : RebuildTests([DriverName.Qcow2, DriverName.Copy])
{
    private const long MiB = TestImages.MiB;

    private protected override ChangeLab Open() => new();

    [Fact]
    public async Task A_disk_in_use_is_not_rebuilt()
    {
        using var lab = Open();
        var volume = await lab.BaseAsync(2 * MiB, seed: 1);
        var disk = await lab.DiskAsync(DriverName.Qcow2, volume, "vm-1", 3 * MiB);
        using var user = File.OpenRead(disk.Disk.Path);
        Assert.Contains("in use", await RefusedAsync(lab, disk, volume.Key));
    }

    [Fact]
    public async Task A_base_that_does_not_fit_is_refused()
    {
        using var lab = Open();
        var volume = await lab.BaseAsync(2 * MiB, seed: 1);
        var disk = await lab.DiskAsync(DriverName.Qcow2, volume, "vm-1", 3 * MiB);
        var larger = await lab.Host(DriverName.Qcow2).BlankAsync(16 * MiB);
        Assert.Contains($"{16 * MiB}", await RefusedAsync(lab, disk, larger.Key));
    }

    [Fact]
    public async Task A_disk_with_its_base_as_a_partition_is_not_rebuilt()
    {
        using var lab = Open();
        var volume = await lab.BaseAsync(2 * MiB, seed: 1);
        var disk = await lab.DiskAsync(DriverName.Copy, volume, "vm-1", 3 * MiB);
        using (var file = lab.Store.Files.OpenToWrite(disk.Disk.Path))
        {
            new RawDiskMark(DriverName.Copy, Base: null, DiskLayout.Ec2).Write(
                lab.Store.Files, file, disk.Disk.Path);
        }

        Assert.Contains("launch a new instance", await RefusedAsync(lab, disk, volume.Key));
    }

    [Fact]
    public async Task A_disk_that_the_record_names_is_not_removed()
    {
        using var lab = Open();
        var volume = await lab.BaseAsync(2 * MiB, seed: 1);
        var disk = await lab.DiskAsync(DriverName.Qcow2, volume, "vm-1", 3 * MiB);
        var driver = lab.Driver(DriverName.Qcow2);
        await driver.DeleteDiskAsync(disk.Instance, DiskName.Root, default);
        Assert.True(File.Exists(disk.Disk.Path));

        var record = lab.Store.Layout.InstanceRecord(disk.Instance);
        File.WriteAllText(record, "{");
        var error = await Assert.ThrowsAsync<PortException>(
            () => driver.DeleteDiskAsync(disk.Instance, DiskName.Root, default));
        Assert.Contains(record, error.Message, StringComparison.Ordinal);
        Assert.True(File.Exists(disk.Disk.Path));

        await lab.Store.DeleteInstanceAsync(disk.Instance, default);
        await driver.DeleteDiskAsync(disk.Instance, DiskName.Root, default);
        Assert.False(Directory.Exists(lab.Store.Layout.Instance(disk.Instance)));
    }

    private static async Task<string> RefusedAsync(ChangeLab lab, DiskOf disk, BaseKey key)
    {
        var error = await Assert.ThrowsAsync<PortException>(() => lab.ChangeAsync(
            disk.Disk.Driver, disk, new DiskChange.Rebuild(key)));
        Assert.Equal(LaunchErrorCode.InvalidRequest, error.Error.Code);
        Assert.Single(ChangeLab.FilesBeside(disk.Disk));
        return error.Message;
    }
}

public sealed class RebuildOnXfsTests(XfsFixture mount)
    : RebuildTests(DiskChangeOnXfsTests.AllDrivers), IClassFixture<XfsFixture>
{
    private protected override ChangeLab Open() => new(mount.Path);
}
