using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>
/// Writes, removes and lists the overlays of one store. Blocks; a clone costs three short writes,
/// two syncs and no process.
/// </summary>
/// <remarks>
/// What makes an overlay real is the instance's commit record, which comes later and names it:
/// until then a crash leaves only what the next start removes. So it is written under its final
/// name (a temporary one and its rename would protect nothing), file and folder are synced, and the
/// record's publication, which syncs the folder's own entry, does so once for all disks of the
/// instance. For the same reason nothing of an instance without a record needs a sync to be gone.
/// </remarks>
internal sealed class Qcow2Disks(HostStore store, BaseShelf bases)
{
    public const string Extension = "qcow2";

    private readonly StoreLayout _layout = store.Layout;
    private readonly StoreFiles _files = store.Files;

    public Ensured<InstanceDisk> Ensure(CloneRequest request)
    {
        CheckSize(request);
        var folder = _layout.Instance(request.Instance);
        var path = _layout.Disk(request.Instance, request.Disk, Extension);
        _files.MakeDirectory(folder);
        if (StoreFiles.TryStat(path, out _))
            return new Ensured<InstanceDisk>(Existing(request, path), Created: false);
        try
        {
            var allocated = Write(request, path);
            _files.SyncDirectory(folder);
            return new Ensured<InstanceDisk>(
                Disk(request.Disk, request.Base, request.VirtualSizeBytes, (path, allocated)),
                Created: true);
        }
        catch (StoreIoException)
        {
            Undo(folder, path);
            throw;
        }
    }

    public void Delete(InstanceId instance, DiskName disk)
    {
        var folder = _layout.Instance(instance);
        var isDeleted = _files.Delete(_layout.Disk(instance, disk, Extension));
        if (isDeleted && StoreFiles.TryStat(_layout.InstanceRecord(instance), out _))
            _files.SyncDirectory(folder);
        _files.DeleteEmptyDirectory(folder);
    }

    /// <summary>The whole disks of committed instances; disks that no record names are removed.
    /// </summary>
    public Dictionary<InstanceId, IReadOnlyList<InstanceDisk>> List()
    {
        Dictionary<InstanceId, IReadOnlyList<InstanceDisk>> found = [];
        foreach (var folder in InstanceFolders.Read(store))
        {
            var disks = List(folder);
            if (disks.Count > 0)
                found[folder.Id] = disks;
            if (!folder.IsCommitted)
                _files.DeleteEmptyDirectory(_layout.Instance(folder.Id));
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
            if (name == StoreLayout.InstanceRecordFile)
                continue;
            if (name == StoreLayout.InstanceRecordFile + StoreLayout.TemporarySuffix)
                _files.Delete(path);
            else if (!TryParse(name, out var disk))
                store.Note($"{path} is no file of this store; it was left alone");
            else if (!folder.Keeps(disk))
                _files.Delete(path);
            else if (TryRead(disk, path, out var problem) is { } found)
                whole.Add(found);
            else
                store.Note($"{path} {problem}; it was left alone, its instance lacks that disk");
        }

        var missing = folder.Record?.Disks
            .Where(d => d.Format == Extension && !File.Exists(d.Path)) ?? [];
        foreach (var disk in missing)
            store.Note($"instance {folder.Id}: its disk {disk.Name} is not there ({disk.Path})");
        return whole;
    }

    private void CheckSize(CloneRequest request)
    {
        var size = request.VirtualSizeBytes;
        var baseBytes = bases.FindSize(request.Base) ?? throw PortException.Retryable(
            LaunchErrorCode.VolumeDriver,
            $"{Name(request)}: base {request.Base} is not in {store.Root}; make it first");
        if (size < baseBytes
            || size % RawFile.SectorBytes != 0
            || size > Qcow2Overlay.MaxVirtualBytes)
        {
            throw PortException.Final(
                LaunchErrorCode.VolumeDriver,
                $"{Name(request)}: {size} bytes is no size for it; give a multiple of "
                    + $"{RawFile.SectorBytes} from {baseBytes}, the size of its base, to "
                    + $"{Qcow2Overlay.MaxVirtualBytes}");
        }
    }

    private long Write(CloneRequest request, string path)
    {
        var size = request.VirtualSizeBytes;
        using var file = _files.Create(path);
        _files.Write(file, path, Qcow2Overlay.Header(size, BackingFile(request.Base)), 0);
        _files.Write(
            file, path, Qcow2Overlay.RefcountTable(), Qcow2Overlay.RefcountTableOffset);
        _files.Write(
            file, path, Qcow2Overlay.RefcountBlock(size), Qcow2Overlay.RefcountBlockOffset);
        _files.SetLength(file, path, Qcow2Overlay.FileBytes(size));
        _files.Sync(file, path);
        return StoreFiles.Stat(file, path).AllocatedBytes;
    }

    /// <summary>Relative to the overlay, so that a store can be moved whole.</summary>
    private static string BackingFile(BaseKey key) => $"../../bases/{key}/{StoreLayout.BaseFile}";

    private InstanceDisk Existing(CloneRequest request, string path)
    {
        var found = TryRead(request.Disk, path, out var problem);
        if (found is not null && found.BackingFile == request.Base
            && found.VirtualSizeBytes == request.VirtualSizeBytes)
        {
            return found;
        }

        var cause = found is null
            ? problem
            : $"is {found.VirtualSizeBytes} bytes over base {found.BackingFile}";
        throw PortException.Final(
            LaunchErrorCode.VolumeDriver,
            $"{Name(request)}: asked for {request.VirtualSizeBytes} bytes over base "
                + $"{request.Base}, but {path} {cause}; delete the instance first, "
                + "or give the new one another id");
    }

    private InstanceDisk? TryRead(DiskName disk, string path, out string problem)
    {
        using var file = _files.OpenToRead(path);
        var stat = StoreFiles.Stat(file, path);
        var start = new byte[Qcow2Overlay.HeaderBytes];
        var count = RandomAccess.Read(file, start, 0);
        var header = Qcow2Overlay.Parse(start.AsSpan(0, count), stat.Size);
        var key = header?.BackingFile is { } backing ? KeyOf(backing) : null;
        problem = header is null
            ? "is no whole qcow2 file"
            : $"lies over {header.BackingFile}, which is no base of this store";
        return header is null || (header.BackingFile is not null && key is null)
            ? null
            : Disk(disk, key, header.VirtualSizeBytes, (path, stat.AllocatedBytes));
    }

    private static BaseKey? KeyOf(string backingFile)
    {
        var folder = Path.GetFileName(Path.GetDirectoryName(backingFile));
        return BaseKey.TryParse(folder, out var key, out _) && BackingFile(key) == backingFile
            ? key
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

    private static bool TryParse(string file, out DiskName disk)
    {
        var isOurs = DiskName.TryParse(Path.GetFileNameWithoutExtension(file), out var name, out _)
            && Path.GetExtension(file) == "." + Extension;
        disk = name ?? DiskName.Root;
        return isOurs;
    }

    private static string Name(CloneRequest request) =>
        $"disk {request.Disk} of instance {request.Instance}";

    private static InstanceDisk Disk(
        DiskName name, BaseKey? key, long size, (string Path, long Allocated) file) => new()
        {
            Name = name,
            BackingFile = key,
            VirtualSizeBytes = size,
            AllocatedBytes = file.Allocated,
            Path = file.Path,
            Format = Extension,
        };
}
