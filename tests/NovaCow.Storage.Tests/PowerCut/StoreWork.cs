using NovaCow.Core;
using NovaCow.Storage.Inspection;

namespace NovaCow.Storage.Tests;

/// <summary>Asks a store for things and writes into a ledger what it has acknowledged. Each of its
/// calls may be repeated until it succeeds.</summary>
internal sealed class StoreWork(
    DriverHost host, StoreLedger ledger, IReadOnlyDictionary<string, TestContent> contents)
{
    public DriverHost Host => host;

    public StoreLedger Ledger => ledger;

    public IReadOnlyDictionary<string, TestContent> Contents => contents;

    public static DriverHost Open(string root, string driver, StoreFiles files)
    {
        var store = HostStore.Open(root, options: null, files);
        var inspector = new ImageInspector();
        return new DriverHost(store, driver switch
        {
            DriverName.Qcow2 => new Qcow2VolumeDriver(store, inspector),
            DriverName.Reflink => new ReflinkVolumeDriver(store, inspector),
            DriverName.Copy => new CopyVolumeDriver(store, inspector),
            _ => throw new ArgumentOutOfRangeException(nameof(driver), driver, "not known here"),
        });
    }

    public async Task MakeBaseAsync(string name)
    {
        var content = contents[name];
        ledger.Begin(content, isRemoval: false);
        var image = name == TestContent.Download ? Download(content) : content.ImagePath;
        await host.Driver.EnsureBaseAsync(content.Content, image, null, default);
        ledger.End(content, isThere: true);
    }

    public async Task RemoveBaseAsync(string name)
    {
        var content = contents[name];
        ledger.Begin(content, isRemoval: true);
        await host.Driver.DeleteBaseAsync(content.Key, default);
        ledger.End(content, isThere: false);
    }

    /// <summary>Makes an instance with disks over bases that are there, and its record.</summary>
    public async Task CommitAsync(string id, params ExpectedDisk[] disks)
    {
        var expected = new ExpectedInstance(InstanceId.Parse(id), disks, [1]);
        ledger.Begin(expected, isRemoval: false);
        var made = new List<InstanceDisk>();
        foreach (var disk in disks)
        {
            var request = new CloneRequest(
                expected.Id, disk.Name, disk.Content.Key, disk.Sizes[0]);
            made.Add((await host.Driver.EnsureDiskAsync(request, null, default)).Value);
        }

        await host.Store.SaveInstanceAsync(
            TestImages.Record(expected.Id, [.. made]), default);
        ledger.End(expected.Id, expected);
    }

    /// <summary>Publishes an instance's record again, with the next epoch.</summary>
    public async Task SaveAgainAsync(string id)
    {
        var record = (await host.Store.ListInstancesAsync(default)).Single(r => r.Id.Value == id);
        var epoch = record.Fence.Epoch + 1;
        var expected = ledger.Find(record.Id)! with { Epochs = [epoch] };
        ledger.Begin(expected, isRemoval: false);
        await host.Store.SaveInstanceAsync(
            record with { Fence = new LaunchFence(epoch, 1) }, default);
        ledger.End(record.Id, expected);
    }

    /// <summary>Changes an instance's root disk in place: a guest reads the same.</summary>
    public async Task ChangeRootAsync(string id, DiskChange change)
    {
        if (change is DiskChange.Rebase && host.Driver.Name == DriverName.Copy)
            return;
        var record = (await host.Store.ListInstancesAsync(default)).Single(r => r.Id.Value == id);
        var disk = record.Disks.Single(d => d.Name == DiskName.Root);
        var expected = ledger.Find(record.Id)!;
        var size = change is DiskChange.Grow grow ? grow.VirtualSizeBytes : disk.VirtualSizeBytes;
        var changed = expected with
        {
            Disks = [.. expected.Disks.Select(d => d.Name == disk.Name ? d with { Sizes = [size] } : d)],
        };
        ledger.Begin(changed, isRemoval: false);
        await host.Driver.ChangeDiskAsync(
            new DiskChangeRequest(record.Id, disk, change), null, default);
        ledger.End(record.Id, changed);
    }

    /// <summary>Makes an instance's root disk anew from a base, publishes that, and removes the old
    /// one.</summary>
    public async Task RebuildRootAsync(string id, string name)
    {
        var content = contents[name];
        var record = (await host.Store.ListInstancesAsync(default)).Single(r => r.Id.Value == id);
        var disk = record.Disks.Single(d => d.Name == DiskName.Root);
        var expected = ledger.Find(record.Id)!;
        var anew = new ExpectedDisk(disk.Name, content, [disk.VirtualSizeBytes]);
        var changed = expected with
        {
            Disks = [.. expected.Disks.Select(d => d.Name == disk.Name ? anew : d)],
        };
        ledger.Begin(changed, isRemoval: false);
        var made = await host.Driver.ChangeDiskAsync(
            new DiskChangeRequest(record.Id, disk, new DiskChange.Rebuild(content.Key)),
            null,
            default);
        await host.Store.SaveInstanceAsync(
            record with { Disks = [.. record.Disks.Select(d => d == disk ? made : d)] }, default);
        ledger.End(record.Id, changed);
        await host.Driver.DeleteDiskAsync(record.Id, disk.Name, default);
    }

    /// <summary>Makes an image of an instance's root disk.</summary>
    public async Task CaptureRootAsync(string id)
    {
        var record = (await host.Store.ListInstancesAsync(default)).Single(r => r.Id.Value == id);
        var disk = record.Disks.Single(d => d.Name == DiskName.Root);
        ledger.BeginCapture();
        var image = await Captures().CaptureAsync(
            new CaptureRequest(record.Id, disk, Copy: null), null, default);
        ledger.EndCapture(ledger.Captures.Append(image.Digest).ToHashSet());
    }

    /// <summary>Removes every image that was made of a disk.</summary>
    public async Task RemoveCapturesAsync()
    {
        ledger.BeginCapture();
        foreach (var digest in ledger.Captures)
            await Captures().RemoveAsync([digest], default);
        ledger.EndCapture(new HashSet<Digest>());
    }

    private DiskCaptures Captures() =>
        new(host.Store, new ImageInspector(), new Uri("http://host-1.test:1/"));

    public async Task RemoveInstanceAsync(string id)
    {
        var key = InstanceId.Parse(id);
        if (ledger.Find(key) is { } known)
            ledger.Begin(known, isRemoval: true);
        await host.Store.DeleteInstanceAsync(key, default);
        ledger.End(key, null);
        foreach (var disk in (DiskName[])[DiskName.Root, DiskName.Swap])
            await host.Driver.DeleteDiskAsync(key, disk, default);
    }

    /// <summary>Makes and opens another store beside this one.</summary>
    public Task MakeStoreAsync(string name)
    {
        var path = Path.Combine(Path.GetDirectoryName(host.Store.Root)!, name);
        ledger.BeginStore(name);
        HostStore.Open(path, options: null, host.Store.Files).Dispose();
        ledger.EndStore(name);
        return Task.CompletedTask;
    }

    /// <summary>Removes what <see cref="MakeStoreAsync"/> made, for good.</summary>
    public Task RemoveStoreAsync(string name)
    {
        var folder = Path.GetDirectoryName(host.Store.Root)!;
        host.Store.Files.DeleteTree(Path.Combine(folder, name));
        host.Store.Files.SyncDirectory(folder);
        ledger.ForgetStores();
        return Task.CompletedTask;
    }

    public ExpectedDisk Disk(string content, DiskName? name = null, long growth = 0) =>
        new(name ?? DiskName.Root, contents[content], [contents[content].Bytes + growth]);

    /// <summary>What a fetcher leaves, not even synced.</summary>
    private string Download(TestContent content)
    {
        var path = host.Store.IncomingPath(content.Key);
        try
        {
            File.Delete(path);
            File.Copy(content.ImagePath!, path);
            return path;
        }
        catch (IOException e)
        {
            throw PortException.Retryable(
                LaunchErrorCode.VolumeDriver, $"the test's own download: {e.Message}", e);
        }
    }
}
