using Microsoft.Win32.SafeHandles;
using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>
/// Writes, removes and lists one store's disks of one kind of file. Blocks; a clone costs a few
/// short calls, two syncs and no process.
/// </summary>
/// <remarks>
/// What makes a disk real is the instance's commit record, which comes later and names it: until
/// then a crash leaves only what the next start removes. So it is written under its final name (a
/// temporary one and its rename would protect nothing), file and folder are synced, and the
/// record's publication, which syncs the folder's own entry, does so once for all disks of the
/// instance. For the same reason nothing of an instance without a record needs a sync to be gone.
/// </remarks>
internal sealed class FileDisks(HostStore store, BaseShelf bases, IDiskKind kind)
{
    private readonly StoreLayout _layout = store.Layout;
    private readonly StoreFiles _files = store.Files;
    private readonly BootFiles _bootFiles = new(store, kind.Driver);

    /// <summary>Whether the disk is still to be made, and has a partition for what the request
    /// calls local storage.</summary>
    public bool WantsLocalStorage(CloneRequest request)
    {
        if (request.LocalStorage is null
            || request.Disk.IsBootFile
            || StoreFiles.TryStat(PathOf(request), out _))
        {
            return false;
        }

        CheckSize(request);
        return DiskPartitions.Of(request, kind, _layout.BaseData(request.Base)) is not null;
    }

    /// <param name="request">What to make.</param>
    /// <param name="localStoragePath">The file that becomes the second partition.</param>
    /// <param name="progress">Bytes written so far.</param>
    /// <param name="token">Gives up, and leaves nothing.</param>
    public Ensured<InstanceDisk> Ensure(
        CloneRequest request,
        string? localStoragePath,
        IProgress<long>? progress,
        CancellationToken token)
    {
        CheckSize(request);
        var folder = _layout.Instance(request.Instance);
        var path = PathOf(request);
        var partitions = request.Disk.IsBootFile
            ? null
            : DiskPartitions.Of(request, kind, _layout.BaseData(request.Base));
        _files.MakeDirectory(folder);
        store.Owner.OpenFolder(folder);
        if (StoreFiles.TryStat(path, out _))
            return new Ensured<InstanceDisk>(Existing(request, partitions, path), Created: false);
        try
        {
            var disk = request.Disk.IsBootFile
                ? _bootFiles.Make(request, path, token)
                : Write(request, (partitions, localStoragePath), progress, token);
            _files.SyncDirectory(folder);
            return new Ensured<InstanceDisk>(disk, Created: true);
        }
        catch (Exception e) when (StoreErrors.IsExpected(e) || e is OperationCanceledException)
        {
            Undo(folder, path);
            throw;
        }
    }

    /// <summary>Removes what the instance's record does not name.</summary>
    public void Delete(InstanceId instance, DiskName disk)
    {
        var folder = _layout.Instance(instance);
        var named = InstanceFolders.Named(store, instance);
        var places = _layout.DiskPlaces(instance, disk, kind.Extension);
        foreach (var path in places.Where(p => !named.Contains(Path.GetFileName(p))))
            _files.Delete(path);
        if (StoreFiles.TryStat(_layout.InstanceRecord(instance), out _))
            _files.SyncDirectory(folder);
        else
            InstanceFolders.RemoveMachine(store, instance);
    }

    /// <summary>The whole disks of committed instances; disks that no record names are removed,
    /// of whichever kind they are.</summary>
    public Dictionary<InstanceId, IReadOnlyList<InstanceDisk>> List()
    {
        Dictionary<InstanceId, IReadOnlyList<InstanceDisk>> found = [];
        foreach (var folder in InstanceFolders.Read(store))
        {
            var disks = List(folder);
            if (disks.Count > 0)
                found[folder.Id] = disks;
            if (!folder.IsCommitted)
                InstanceFolders.RemoveMachine(store, folder.Id);
        }

        return found;
    }

    private List<InstanceDisk> List(InstanceFolder folder)
    {
        List<InstanceDisk> whole = [];
        var entries = Directory.EnumerateFileSystemEntries(_layout.Instance(folder.Id)).Order();
        foreach (var path in entries)
        {
            var name = Path.GetFileName(path);
            if (name == StoreLayout.InstanceRecordFile || InstanceFiles.IsOfMachine(name))
                continue;
            if (InstanceFiles.IsTemporary(name))
                _files.DeleteTree(path);
            else if (!InstanceFiles.TryParse(name, out var disk))
                store.Note($"{path} is no file of this store; it was left alone");
            else if (!folder.Keeps(name))
                _files.Delete(path);
            else if (!IsOurs(folder, disk, path))
                continue;
            else if (TryRead(folder, disk, path, out var problem) is { } found)
                whole.Add(found);
            else
                store.Note($"{path} {problem}; it was left alone, its instance lacks that disk");
        }

        var missing = folder.Record?.Disks
            .Where(d => d.Driver == kind.Driver && !File.Exists(d.Path)) ?? [];
        foreach (var disk in missing)
            store.Note($"instance {folder.Id}: its disk {disk.Name} is not there ({disk.Path})");
        return whole;
    }

    /// <summary>A raw disk says itself whose it is, as a change of its driver ends with that; then
    /// the record does; without one that can be read, whatever else the file says.</summary>
    private bool IsOurs(InstanceFolder folder, DiskName disk, string path)
    {
        var name = Path.GetFileName(path);
        // A kernel needs no one to keep its base for it: where no record can be read, none has to
        // claim it.
        if (disk.IsBootFile)
            return folder.Record is { } named && IsRecorded(named, name);
        if (Path.GetExtension(name) != "." + kind.Extension)
            return false;
        using var file = _files.OpenToRead(path);
        if (RawDiskMark.Read(file) is { } mark)
            return mark.Driver == kind.Driver;
        return folder.Record is { } record
            ? IsRecorded(record, name)
            : kind.Read(file, path, out _) is not null;
    }

    private bool IsRecorded(InstanceRecord record, string file) =>
        record.Disks.Any(d => d.Driver == kind.Driver && Path.GetFileName(d.Path) == file);

    /// <exception cref="PortException">The base was found damaged.</exception>
    public void CheckBase(BaseKey key) => _ = bases.FindSize(key);

    private void CheckSize(CloneRequest request)
    {
        var size = request.VirtualSizeBytes;
        var baseBytes = bases.FindSize(request.Base) ?? throw PortException.Retryable(
            LaunchErrorCode.VolumeDriver,
            $"{Name(request)}: base {request.Base} is not in {store.Root}; make it first");
        if (request.Disk.IsBootFile != request.Base.IsBootFile)
        {
            throw PortException.Final(
                LaunchErrorCode.InvalidRequest,
                $"{Name(request)}: base {request.Base} is "
                    + (request.Base.IsBootFile
                        ? "a kernel or a ramdisk, and no disk"
                        : "a disk, and no kernel or ramdisk")
                    + "; name an image of the right format");
        }

        if (request.Disk.IsBootFile)
        {
            if (size != baseBytes)
                throw NoSize(request, $"it is {baseBytes} bytes long, as its base is");
        }
        else if (size < baseBytes
            || size % RawFile.SectorBytes != 0
            || size > kind.MaxVirtualBytes)
        {
            throw NoSize(
                request,
                $"give a multiple of {RawFile.SectorBytes} from {baseBytes}, the size of its base, "
                    + $"to {kind.MaxVirtualBytes}");
        }
    }

    private static PortException NoSize(CloneRequest request, string remedy) =>
        PortException.Final(
            LaunchErrorCode.VolumeDriver,
            $"{Name(request)}: {request.VirtualSizeBytes} bytes is no size for it; {remedy}");

    private InstanceDisk Write(
        CloneRequest request,
        (PartitionedDisk? Partitions, string? LocalStoragePath) layout,
        IProgress<long>? progress,
        CancellationToken token)
    {
        var path = PathOf(request);
        using var file = _files.Create(path);
        var disk = new NewDisk(request, file, path, _layout.BaseData(request.Base))
        {
            Partitions = layout.Partitions,
            LocalStoragePath = layout.LocalStoragePath,
        };
        var facts = kind.Write(_files, disk, progress, token);
        store.Owner.GiveDisk(path);
        _files.Sync(file, path);
        return Disk(request.Disk, facts, path, FileExtents.UniqueBytesOf(file, path));
    }

    private InstanceDisk Existing(CloneRequest request, PartitionedDisk? partitions, string path)
    {
        if (request.Disk.IsBootFile)
        {
            return _bootFiles.Find(request, path) ?? throw Differs(
                request, $"asked for that of base {request.Base}, but {path} is another file");
        }

        var found = TryRead(request.Disk, path, out var problem);
        var layout = partitions is null ? DiskLayout.Whole : DiskLayout.Ec2;
        var bytes = partitions?.DiskBytes ?? request.VirtualSizeBytes;
        if (found is not null
            && found.BackingFile == (kind.HasBackingFile ? request.Base : null)
            && found.VirtualSizeBytes == bytes
            && found.Layout == layout)
        {
            return found;
        }

        var cause = found is null
            ? problem
            : $"is {found.VirtualSizeBytes} bytes of layout {Wire(found.Layout)} over base "
                + $"{found.BackingFile?.Value ?? "none"}";
        throw Differs(
            request,
            $"asked for {bytes} bytes of layout {Wire(layout)} over base {request.Base}, but "
                + $"{path} {cause}");

        static string Wire(DiskLayout layout) => layout.ToString().ToLowerInvariant();
    }

    private static PortException Differs(CloneRequest request, string how) =>
        PortException.Final(
            LaunchErrorCode.VolumeDriver,
            $"{Name(request)}: {how}; delete the instance first, or give the new one another id");

    private InstanceDisk? TryRead(
        InstanceFolder folder, DiskName disk, string path, out string problem) =>
        disk.IsBootFile && folder.Record is { } record
            ? BootFiles.Read(record, path, out problem)
            : TryRead(disk, path, out problem);

    /// <summary>The whole disk in a file; null and why when there is none of this kind.</summary>
    public InstanceDisk? TryRead(DiskName disk, string path, out string problem)
    {
        using var file = _files.OpenToRead(path);
        return kind.Read(file, path, out problem) is { } facts
            ? Disk(disk, facts, path, FileExtents.UniqueBytesOf(file, path))
            : null;
    }

    private void Undo(string folder, string path)
    {
        try
        {
            _files.Delete(path);
            _files.DeleteEmptyDirectory(folder);
        }
        catch (StoreIoException e)
        {
            store.Note($"{e.Message}; the next start tries again");
        }
    }

    private string PathOf(CloneRequest request) => request.Disk.IsBootFile
        ? _bootFiles.PlaceOf(request)
        : _layout.Disk(request.Instance, request.Disk, kind.Extension);

    private static string Name(CloneRequest request) =>
        $"disk {request.Disk} of instance {request.Instance}";

    private InstanceDisk Disk(DiskName name, DiskFacts facts, string path, long allocated) => new()
    {
        Name = name,
        BackingFile = facts.Base,
        VirtualSizeBytes = facts.VirtualSizeBytes,
        AllocatedBytes = allocated,
        Path = path,
        Format = kind.Format,
        Driver = kind.Driver,
        Layout = facts.Layout,
    };
}
