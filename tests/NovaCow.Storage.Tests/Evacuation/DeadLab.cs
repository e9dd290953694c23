using NovaCow.Core;

namespace NovaCow.Storage.Tests;

/// <summary>Two hosts' stores in folders of one, of which one host is dead.</summary>
internal sealed class DeadLab : IDisposable
{
    public const string Vm = "vm-1";
    private const long MiB = TestImages.MiB;
    private readonly TempFolder _shared;

    public DeadLab(string? parent = null, FaultInjector? faults = null)
    {
        _shared = new TempFolder(parent);
        From = new ChangeLab(_shared.Path);
        To = new ChangeLab(_shared.Path, faults, sharedRoot: _shared.Path);
    }

    public ChangeLab From { get; }

    public ChangeLab To { get; }

    public string Root => _shared.Path;

    public DeadStore Dead => new(
        HostId.Parse("dead"), 1, HostId.Parse("live"),
        new SharedStore("shared", Path.GetRelativePath(_shared.Path, From.Store.Root)));

    /// <summary>An instance whose host dies, and its base on both hosts.</summary>
    /// <returns>Its disk, and what a guest reads from it.</returns>
    public async Task<(DiskOf Disk, string Expected)> DieWithAsync(string driver, int seed = 1)
    {
        TestTool.Need("qemu-img", "qemu-io");
        var volume = await From.BaseAsync(8 * MiB, seed);
        var disk = await From.DiskAsync(driver, volume, Vm, 24 * MiB);
        await ChangeLab.WriteAsync(disk.Disk, seed);
        var expected = await From.ReadAsync(disk.Disk);
        From.Store.Dispose();
        await To.BaseAsync(8 * MiB, seed);
        return (disk, expected);
    }

    public CloneRequest Request(DiskOf disk, BaseKey? key = null) => new(
        disk.Instance, disk.Disk.Name, key ?? disk.Disk.BackingFile!, disk.Disk.VirtualSizeBytes)
    {
        Transfer = new TransferredDisk(
            TransferSource.Of(Dead), disk.Disk.BackingFile is not null),
    };

    public Task<Ensured<InstanceDisk>> TakeAsync(CloneRequest request, string driver) =>
        To.Driver(driver).EnsureDiskAsync(request, null, default);

    public Task<DeadInstance> FenceAsync(DeadStore? dead = null) =>
        To.SharedStores!.FenceAsync(dead ?? Dead, InstanceId.Parse(Vm), default);

    /// <summary>A fence is whole, or it is not there.</summary>
    public void CheckAndClearFences()
    {
        var folder = From.Store.Layout.Fenced;
        if (!Directory.Exists(folder))
            return;
        foreach (var path in Directory.GetFiles(folder, "*.json"))
            Assert.NotNull(StoreRecords.TryRead<EvacuationFence>(path, out _));
        Directory.Delete(folder, recursive: true);
    }

    public void Dispose()
    {
        From.Dispose();
        To.Dispose();
        _shared.Dispose();
    }
}
