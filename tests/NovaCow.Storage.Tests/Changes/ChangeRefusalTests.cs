using NovaCow.Core;

namespace NovaCow.Storage.Tests;

/// <summary>What cannot be asked of a disk is refused, names what is wrong, and leaves it alone.
/// </summary>
public sealed class ChangeRefusalTests : IDisposable
{
    private const long MiB = TestImages.MiB;
    private readonly ChangeLab _lab = new();

    public void Dispose() => _lab.Dispose();

    [Theory]
    [InlineData(DriverName.Qcow2)]
    [InlineData(DriverName.Copy)]
    public async Task A_disk_is_never_made_smaller(string driver)
    {
        var disk = await DiskAsync(driver);
        var message = await RefusedAsync(driver, disk, new DiskChange.Grow((8 * MiB) - 512));
        Assert.Contains($"{8 * MiB}", message);
        Assert.Contains($"{(8 * MiB) - 512}", message);
    }

    [Theory]
    [InlineData((9 * MiB) + 1)]
    [InlineData((1L << 60) + 512)]
    [InlineData(long.MaxValue)]
    public async Task A_size_that_no_disk_has_is_refused(long bytes)
    {
        foreach (var driver in (string[])[DriverName.Qcow2, DriverName.Copy])
        {
            var message = await RefusedAsync(
                driver, await DiskAsync(driver), new DiskChange.Grow(bytes));
            Assert.Contains($"{bytes}", message);
        }
    }

    [Fact]
    public async Task A_raw_disk_beyond_what_the_file_system_holds_is_refused()
    {
        if (LoopMount.WhyNot(LoopFileSystem.Ext4) is { } reason)
            Assert.Skip(reason);
        await using var mount = await LoopMount.MakeAsync(LoopFileSystem.Ext4);
        using var lab = new ChangeLab(mount.Path);
        var volume = await lab.BaseAsync(2 * MiB, seed: 1);
        var disk = await lab.DiskAsync(DriverName.Copy, volume, "vm-1", 4 * MiB);
        var error = await Assert.ThrowsAsync<PortException>(
            () => lab.ChangeAsync(DriverName.Copy, disk, new DiskChange.Grow(17L << 40)));
        Assert.Equal(LaunchErrorCode.InvalidRequest, error.Error.Code);
        Assert.Contains("16 TiB", error.Message);
        Assert.Equal(4 * MiB, new FileInfo(disk.Disk.Path).Length);
    }

    [Fact]
    public async Task A_disk_of_another_driver_is_not_made_larger()
    {
        var disk = await DiskAsync(DriverName.Copy);
        var message = await RefusedAsync(
            DriverName.Qcow2, disk, new DiskChange.Grow(16 * MiB));
        Assert.Contains("driver copy", message);
    }

    [Fact]
    public async Task A_full_copy_lies_over_no_base()
    {
        var disk = await DiskAsync(DriverName.Qcow2);
        var change = new DiskChange.Rebase(disk.Disk.BackingFile!);
        Assert.Contains("full copy", await RefusedAsync(DriverName.Copy, disk, change));
    }

    [Fact]
    public async Task A_base_that_is_not_there_is_asked_for_and_a_larger_one_is_refused()
    {
        var disk = await DiskAsync(DriverName.Copy);
        var missing = new DiskChange.Rebase(TestImages.Blank(MiB).Key());
        var error = await Assert.ThrowsAsync<PortException>(
            () => _lab.ChangeAsync(DriverName.Qcow2, disk, missing));
        Assert.True(error.Error.IsRetryable);
        Assert.Contains("blank-1048576-raw", error.Message);

        var larger = await _lab.Host(DriverName.Qcow2).BlankAsync(16 * MiB);
        var message = await RefusedAsync(
            DriverName.Qcow2, disk, new DiskChange.Rebase(larger.Key));
        Assert.Contains($"{16 * MiB}", message);
    }

    [Fact]
    public async Task A_logical_volume_is_no_file()
    {
        var disk = await DiskAsync(DriverName.Copy);
        var volume = disk with { Disk = disk.Disk with { Driver = DriverName.LvmThin } };
        var message = await RefusedAsync(DriverName.Qcow2, volume, new DiskChange.Flatten());
        Assert.Contains("logical volume", message);
    }

    [Fact]
    public async Task A_disk_with_its_base_as_a_partition_stays_a_full_copy()
    {
        var disk = await DiskAsync(DriverName.Copy);
        using (var file = _lab.Store.Files.OpenToWrite(disk.Disk.Path))
        {
            new RawDiskMark(DriverName.Copy, Base: null, DiskLayout.Ec2).Write(
                _lab.Store.Files, file, disk.Disk.Path);
        }

        var volume = await _lab.BaseAsync(MiB, seed: 2);
        DiskChange[] changes = [new DiskChange.Rebase(volume.Key), new DiskChange.Flatten()];
        foreach (var change in changes)
            Assert.Contains("partition", await RefusedAsync(DriverName.Qcow2, disk, change));
        var grown = await _lab.ChangeAsync(DriverName.Copy, disk, new DiskChange.Grow(16 * MiB));
        Assert.Equal(DiskLayout.Ec2, grown.Layout);
    }

    [Fact]
    public async Task Sharing_blocks_is_refused_where_the_file_system_cannot()
    {
        if (LoopMount.WhyNot(LoopFileSystem.Ext4) is { } reason)
            Assert.Skip(reason);
        await using var mount = await LoopMount.MakeAsync(LoopFileSystem.Ext4);
        using var lab = new ChangeLab(mount.Path);
        var volume = await lab.BaseAsync(2 * MiB, seed: 1);
        var disk = await lab.DiskAsync(DriverName.Copy, volume, "vm-1", 4 * MiB);
        var error = await Assert.ThrowsAsync<PortException>(
            () => lab.ChangeAsync(DriverName.Reflink, disk, new DiskChange.Rebase(volume.Key)));
        Assert.Equal(LaunchErrorCode.InvalidRequest, error.Error.Code);
        Assert.Contains("driver qcow2", error.Message);
        await lab.ChangeAsync(DriverName.Qcow2, disk, new DiskChange.Rebase(volume.Key));
    }

    private async Task<DiskOf> DiskAsync(string driver)
    {
        var volume = await _lab.BaseAsync(2 * MiB, seed: 1);
        return await _lab.DiskAsync(driver, volume, $"vm-{driver}", 8 * MiB);
    }

    private async Task<string> RefusedAsync(string driver, DiskOf disk, DiskChange change)
    {
        var digest = TestImages.DigestOf(disk.Disk.Path);
        var error = await Assert.ThrowsAsync<PortException>(
            () => _lab.ChangeAsync(driver, disk, change));
        Assert.Equal(LaunchErrorCode.InvalidRequest, error.Error.Code);
        Assert.False(error.Error.IsRetryable);
        Assert.Contains(disk.Disk.Name.Value, error.Message);
        Assert.Equal(digest, TestImages.DigestOf(disk.Disk.Path));
        Assert.Single(ChangeLab.FilesBeside(disk.Disk));
        return error.Message;
    }
}
