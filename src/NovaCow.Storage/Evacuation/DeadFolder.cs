using Microsoft.Win32.SafeHandles;
using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>
/// The store of a host that is dead, on a file system that this host has, too, held by its lock so
/// that nobody starts on it. No link is followed in it, and nothing that it says of itself is
/// believed before it was compared with what was asked for. Blocks.
/// </summary>
internal sealed class DeadFolder : IDisposable
{
    private readonly DeadStore _store;
    private readonly StoreLayout _layout;
    private readonly StoreLock _lock;

    private DeadFolder(DeadStore store, StoreLayout layout, StoreLock held) =>
        (_store, _layout, _lock) = (store, layout, held);

    /// <param name="root">Where the shared file system is on this host.</param>
    /// <param name="store">The dead host's store.</param>
    /// <exception cref="PortException">The host lives, or there is no such store.</exception>
    public static DeadFolder Open(string root, DeadStore store)
    {
        if (SharedStore.Problem(store.Store.Name, store.Store.Folder) is { } problem)
            throw Refused(store, $"it says where that is in a way that cannot be: {problem}");
        var layout = new StoreLayout(Path.Combine(root, store.Store.Folder));
        var held = StoreLock.TryShare(OpenFile(store, layout.Lock)) ?? throw Refused(
            store,
            $"its lock ({layout.Lock}) is held, so that host lives; nothing was read or changed: "
                + "stop its novacowd and its guests, or wait until the file server has let go of a "
                + "lost machine's locks");
        try
        {
            using var format = OpenFile(store, layout.Format);
            var found = StoreRecords.TryRead<StoreFormat>(format, out var why)
                ?? throw Refused(store, $"{layout.Format} {why}");
            return found.Format is >= 1 and <= HostStore.FormatVersion
                ? new DeadFolder(store, layout, held)
                : throw Refused(
                    store,
                    $"it has format {found.Format}, and this host knows up to "
                        + $"{HostStore.FormatVersion}; evacuate to a host of a newer version");
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>The instance's record, which is of the attempt and the cluster that were said.
    /// </summary>
    public InstanceRecord ReadRecord(InstanceId id)
    {
        var path = _layout.InstanceRecord(id);
        using var file = OpenFile(_store, path);
        var record = StoreRecords.TryRead<InstanceRecord>(file, out var problem)
            ?? throw Refused(_store, $"{path} {problem}");
        if (record.Id != id || record.Fence.Attempt != _store.Attempt)
        {
            throw Refused(
                _store,
                $"{path} is of instance {record.Id}, attempt {record.Fence.Attempt}, and not of "
                    + $"attempt {_store.Attempt}");
        }

        return record.Cluster is null || _store.Cluster is null || record.Cluster == _store.Cluster
            ? record
            : throw Refused(_store, $"{path} is of another cluster's instance");
    }

    /// <summary>Leaves a fence for the host that may return; durable when this returns.</summary>
    public void Fence(StoreFiles files, EvacuationFence fence)
    {
        using var root = OpenFolder(_layout.Root);
        if (files.MakeDirectory($"{PathOf(root)}/{StoreLayout.FencedFolder}"))
            files.SyncDirectory(PathOf(root));
        using var folder = OpenFolder(_layout.Fenced);
        StoreRecords.Publish(
            files, $"{PathOf(folder)}/{StoreLayout.FenceFile(fence.Id)}", fence);
    }

    /// <summary>Opens a disk that nobody else has open, which is as it is asked for.</summary>
    /// <param name="request">The disk as this host is to have it.</param>
    /// <param name="kind">The kind of disk that it is.</param>
    /// <param name="below">The base that this host has in the place of its image's, and how that is
    /// opened: a base made of an image holds the same bytes everywhere.</param>
    public OpenDisk OpenDisk(
        CloneRequest request,
        IDiskKind kind,
        (string Path, Func<string, SafeFileHandle> Open) below)
    {
        var path = PlaceOf(request, kind);
        var lease = DiskLease.TakeOfOtherHost(OpenFile(_store, path), path);
        try
        {
            if (StoreFiles.Stat(lease.File, path).LinkCount != 1)
                throw Refused(_store, $"{path} has other names, which no disk has");
            var facts = kind.Read(lease.File, path, out var problem)
                ?? throw Refused(_store, $"{path} {problem}");
            if (facts != Expected(request))
                throw Refused(_store, $"{path} is {facts}, and not {Expected(request)}");
        }
        catch
        {
            lease.Dispose();
            throw;
        }

        return Storage.OpenDisk.Open(lease, path, IsQcow2(kind),
            !IsQcow2(kind) || Expected(request).Base is not { } key ? (null, OpenBase)
            : key.IsOfImage ? below
            : (_layout.BaseData(key), OpenBase));
    }

    public void Dispose() => _lock.Dispose();

    private static bool IsQcow2(IDiskKind kind) => kind.Format == "qcow2";

    private static DiskFacts Expected(CloneRequest request) => new(
        request.Transfer!.IsOverBase ? request.Base : null,
        request.VirtualSizeBytes,
        request.Layout);

    /// <summary>The one of a disk's places that its record names; the first when it names none of
    /// them.</summary>
    private string PlaceOf(CloneRequest request, IDiskKind kind)
    {
        var record = ReadRecord(request.Instance);
        var named = record.Disks?.FirstOrDefault(
            d => d?.Name == request.Disk && d.Driver == kind.Driver)
            ?? throw Refused(
                _store,
                $"the record of instance {request.Instance} has no disk {request.Disk} of the "
                    + $"driver {kind.Driver}");
        var places = _layout.DiskPlaces(request.Instance, request.Disk, kind.Extension).ToList();
        return places.Find(p => Path.GetFileName(p) == Path.GetFileName(named.Path)) ?? places[0];
    }

    private SafeFileHandle OpenBase(string path) => OpenFile(_store, path);

    private static SafeFileHandle OpenFile(DeadStore store, string path) =>
        StoreFiles.TryOpenWithoutLinks(path, isFolder: false, out var problem)
            ?? throw Refused(store, $"{path} cannot be opened: {problem}");

    private SafeFileHandle OpenFolder(string path) =>
        StoreFiles.TryOpenWithoutLinks(path, isFolder: true, out var problem)
            ?? throw Refused(_store, $"{path} cannot be opened: {problem}");

    /// <summary>A path that leads into an open folder, wherever its name leads by then.</summary>
    private static string PathOf(SafeFileHandle folder) =>
        $"/proc/self/fd/{(int)folder.DangerousGetHandle()}";

    private static PortException Refused(DeadStore store, string cause) => PortException.Final(
        LaunchErrorCode.InvalidRequest, $"the store of host {store.Host}: {cause}");

    private sealed record StoreFormat(int Format);
}
