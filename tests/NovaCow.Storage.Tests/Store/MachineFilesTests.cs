using NovaCow.Core;
using NovaCow.Storage.Inspection;

namespace NovaCow.Storage.Tests;

/// <summary>The console and the seed of an instance's machine, in the instance's folder.</summary>
public sealed class MachineFilesTests : IDisposable
{
    private const long MiB = TestImages.MiB;
    private static readonly InstanceId s_id = InstanceId.Parse("vm-1");
    private readonly TempFolder _folder = new();
    private readonly List<string> _notes = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_start_says_nothing_of_them_and_something_of_what_is_not_theirs()
    {
        using var host = Open();
        await host.CommitAsync(await host.BlankAsync(MiB), s_id.Value);
        var files = host.Store.MachineFiles(s_id);
        string[] known = [files.Console, $"{files.Console}.12", files.Seed];
        string[] strange = [$"{files.Console}.old", $"{files.Console}.", $"{files.Seed}.1"];
        foreach (var path in known.Concat(strange))
            File.WriteAllText(path, "text");
        await host.Driver.ListAsync(default);
        Assert.All(known.Concat(strange), path => Assert.True(File.Exists(path), path));
        Assert.Equal(
            strange.Order(),
            _notes.Select(note => note.Split(' ')[0]).Order());
    }

    [Fact]
    public async Task The_owner_of_disks_reaches_them_where_a_driver_keeps_no_disks_in_the_folder()
    {
        if (LibC.geteuid() != 0)
            Assert.Skip("only root gives files away");
        using var host = Open(new DiskOwner(12345, 54321));
        await host.Store.SaveInstanceAsync(TestImages.Record(s_id), default);
        Assert.True(StoreFiles.TryStat(host.Store.Layout.Instance(s_id), out var stat));
        Assert.Equal((0u, 54321u, 0x41C8), (stat.Uid, stat.Gid, (int)stat.Mode));
    }

    [Fact]
    public async Task What_lies_below_a_disk_is_told_for_every_shape_of_it()
    {
        using var host = Open();
        var volume = await host.BlankAsync(MiB);
        var disk = await host.CommitAsync(volume, s_id.Value);
        var basePath = host.Store.Layout.BaseData(volume.Key);
        Assert.Equal(basePath, host.Store.BackingPath(disk));
        var anew = await ChangeAsync(disk, new DiskChange.Rebuild(volume.Key));
        Assert.NotEqual(disk.Path, anew.Path);
        Assert.Equal(basePath, host.Store.BackingPath(anew));
        var flat = await ChangeAsync(anew, new DiskChange.Flatten());
        Assert.Null(host.Store.BackingPath(flat));
        Assert.Null(host.Store.BackingPath(disk with { Name = DiskName.Kernel, Format = "raw" }));
        foreach (var driver in (string[])[DriverName.Reflink, DriverName.Copy, DriverName.LvmThin])
            Assert.Null(host.Store.BackingPath(disk with { Driver = driver, Format = "raw" }));

        Task<InstanceDisk> ChangeAsync(InstanceDisk from, DiskChange change) =>
            host.Driver.ChangeDiskAsync(
                new DiskChangeRequest(s_id, from, change), null, default);
    }

    private DriverHost Open(DiskOwner? owner = null)
    {
        var store = HostStore.Open(
            _folder.File("store"),
            new HostStoreOptions { DiskOwner = owner, OnNote = _notes.Add });
        return new DriverHost(store, new Qcow2VolumeDriver(store, new ImageInspector()));
    }
}
