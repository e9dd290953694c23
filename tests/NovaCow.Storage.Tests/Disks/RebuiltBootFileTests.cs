using NovaCow.Core;
using NovaCow.Storage.Inspection;

namespace NovaCow.Storage.Tests;

/// <summary>What an instance boots with while it is rebuilt: the new file beside the old one, until
/// one record has named it.</summary>
public sealed class RebuiltBootFileTests : IDisposable
{
    private static readonly InstanceId s_id = InstanceId.Parse("vm-1");
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Another_kernel_lies_beside_the_one_of_the_record_which_goes_when_told()
    {
        using var host = Open();
        var volumes = await BasesAsync(host);
        var old = await host.CloneAsync(volumes[0], "vm-1", DiskName.Kernel);
        await host.Store.SaveInstanceAsync(TestImages.Record(s_id, old), default);
        for (var round = 1; round < 4; round++)
        {
            var volume = volumes[round % 2];
            var made = await host.CloneAsync(volume, "vm-1", DiskName.Kernel);
            Assert.NotEqual(old.Path, made.Path);
            Assert.Equal(volume.Key, made.BackingFile);
            Assert.Equal(made, await host.CloneAsync(volume, "vm-1", DiskName.Kernel));
            AssertHolds(host, old);
            AssertHolds(host, made);

            // Given up, only the new one goes; done, only the old one.
            await host.Driver.DeleteDiskAsync(s_id, DiskName.Kernel, default);
            Assert.Equal([Path.GetFileName(old.Path)], ChangeLab.FilesBeside(old));
            made = await host.CloneAsync(volume, "vm-1", DiskName.Kernel);
            await host.Store.SaveInstanceAsync(TestImages.Record(s_id, made), default);
            await host.Driver.DeleteDiskAsync(s_id, DiskName.Kernel, default);
            Assert.Equal([Path.GetFileName(made.Path)], ChangeLab.FilesBeside(made));
            Assert.Equal(made, Assert.Single((await host.Driver.ListAsync(default)).Disks[s_id]));
            old = made;
        }
    }

    [Fact]
    public async Task A_file_that_could_not_be_removed_gives_its_name_to_the_next_one()
    {
        using var host = Open();
        var volumes = await BasesAsync(host);
        var stays = await host.CloneAsync(volumes[0], "vm-1", DiskName.Ramdisk);
        var kernel = await host.CloneAsync(volumes[0], "vm-1", DiskName.Kernel);
        await host.Store.SaveInstanceAsync(TestImages.Record(s_id, kernel), default);
        var made = await host.CloneAsync(volumes[1], "vm-1", DiskName.Ramdisk);
        Assert.Equal(stays.Path, made.Path);
        AssertHolds(host, made);
        AssertHolds(host, kernel);
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, true)]
    [InlineData(true, false)]
    public async Task A_crash_before_any_step_leaves_what_the_record_names_whole_and_alone(
        bool had, bool gets)
    {
        var faults = new FaultInjector();
        var (before, isOver) = (new HashSet<BaseKey?>(), false);
        for (var step = 0; !isOver; step++)
        {
            using (var host = Open(faults))
            {
                await BeginAsync(host, had);
                faults.CrashAt(step);
                var crash = await Xunit.Record.ExceptionAsync(() => RebuildAsync(host, gets));
                Assert.True(crash is CrashException or null, $"{crash}");
                isOver = crash is null;
                faults.Count();
            }

            using var after = Open(faults);
            before.Add(await CheckAsync(after));
            faults.FailAt(step, LibC.EIO);
            var error = await Xunit.Record.ExceptionAsync(() => RebuildAsync(after, gets));
            Assert.True(error is PortException or null, $"{error}");
            faults.Count();
            await RebuildAsync(after, gets);
            var bases = (await BasesAsync(after)).Select(b => b.Key).ToList();
            Assert.Equal(gets ? bases[1] : null, await CheckAsync(after));
            await after.Store.DeleteInstanceAsync(s_id, default);
            foreach (var name in (DiskName[])[DiskName.Kernel, DiskName.Root])
                await after.Driver.DeleteDiskAsync(s_id, name, default);
            Assert.False(Directory.Exists(after.Store.Layout.Instance(s_id)));
        }

        Assert.Equal(2, before.Count);
    }

    private async Task BeginAsync(DriverHost host, bool hasKernel)
    {
        List<InstanceDisk> disks = [await host.CloneAsync(await RootAsync(host), "vm-1")];
        if (hasKernel)
        {
            var volumes = await BasesAsync(host);
            disks.Add(await host.CloneAsync(volumes[0], "vm-1", DiskName.Kernel));
        }

        await host.Store.SaveInstanceAsync(TestImages.Record(s_id, [.. disks]), default);
    }

    private async Task RebuildAsync(DriverHost host, bool getsKernel)
    {
        var record = Assert.Single(await host.Store.ListInstancesAsync(default));
        List<InstanceDisk> disks = [];
        if (getsKernel)
        {
            var volumes = await BasesAsync(host);
            disks.Add(await host.CloneAsync(volumes[1], "vm-1", DiskName.Kernel));
        }

        var root = await host.Driver.ChangeDiskAsync(
            new DiskChangeRequest(
                s_id, record.Disks[0], new DiskChange.Rebuild((await RootAsync(host)).Key)),
            null, default);
        await host.Store.SaveInstanceAsync(record with { Disks = [root, .. disks] }, default);
        foreach (var name in (DiskName[])[DiskName.Root, DiskName.Kernel])
            await host.Driver.DeleteDiskAsync(s_id, name, default);
    }

    /// <returns>The base of the kernel that the instance has after a start.</returns>
    private static async Task<BaseKey?> CheckAsync(DriverHost host)
    {
        var found = (await host.Driver.ListAsync(default)).Disks[s_id];
        var record = Assert.Single(await host.Store.ListInstancesAsync(default));
        Assert.Equal(
            record.Disks.Select(d => d.Path).Order(StringComparer.Ordinal),
            found.Select(d => d.Path).Order(StringComparer.Ordinal));
        Assert.Equal(record.Disks.Count, ChangeLab.FilesBeside(record.Disks[0]).Length);
        var kernel = record.Disks.FirstOrDefault(d => d.Name == DiskName.Kernel);
        if (kernel is not null)
            AssertHolds(host, kernel);
        return kernel?.BackingFile;
    }

    private static void AssertHolds(DriverHost host, InstanceDisk file) => Assert.Equal(
        TestImages.DigestOf(host.Store.Layout.BaseData(file.BackingFile!)),
        TestImages.DigestOf(file.Path));

    private DriverHost Open(FaultInjector? faults = null)
    {
        var store = HostStore.Open(
            _folder.File("store"), options: null, faults?.Files() ?? new StoreFiles());
        return new DriverHost(store, new Qcow2VolumeDriver(store, new ImageInspector()));
    }

    private static Task<BaseVolume> RootAsync(DriverHost host) => host.BlankAsync(1 << 20);

    private async Task<BaseVolume[]> BasesAsync(DriverHost host) =>
        [await BaseAsync(host, 1), await BaseAsync(host, 2)];

    private async Task<BaseVolume> BaseAsync(DriverHost host, int seed)
    {
        var path = _folder.File($"kernel-{seed}");
        if (!File.Exists(path))
            await File.WriteAllBytesAsync(path, TestImages.Bytes(1001, seed));
        return await host.ImageAsync(path, DiskFormat.Aki, 1001);
    }
}
