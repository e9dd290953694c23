using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>
/// Gives instances the kernel and the ramdisk that they boot with: another name of the base's own
/// read-only file, and a copy only where it can have none. It takes no room, and the base may go
/// before the instance does.
/// </summary>
internal sealed class BootFiles(HostStore store, string driver)
{
    private readonly StoreFiles _files = store.Files;

    /// <summary>Where one is, or is to be made: beside another that the instance's record names, as
    /// that is what it boots with until a record names this one.</summary>
    public string PlaceOf(CloneRequest request)
    {
        var places = store.Layout.DiskPlaces(request.Instance, request.Disk, "").ToList();
        var found = places.Find(
            p => StoreFiles.TryStat(p, out _) && Find(request, p) is not null);
        if (found is not null
            || !StoreFiles.TryStat(store.Layout.InstanceRecord(request.Instance), out _))
        {
            return found ?? places[0];
        }

        // What is under the other name nothing refers to: it could not be removed.
        var named = InstanceFolders.Named(store, request.Instance);
        var free = places.First(p => !named.Contains(Path.GetFileName(p)));
        _files.Delete(free);
        return free;
    }

    /// <summary>Makes one under a name that is free.</summary>
    public InstanceDisk Make(CloneRequest request, string path, CancellationToken token)
    {
        if (!_files.TryLink(store.Layout.BaseData(request.Base), path))
            Copy(request, path, token);
        return Describe(request, path);
    }

    /// <summary>One that is already there; null when it is of another base.</summary>
    public InstanceDisk? Find(CloneRequest request, string path)
    {
        var isLink = StoreFiles.TryStat(path, out var found)
            && StoreFiles.TryStat(store.Layout.BaseData(request.Base), out var origin)
            && (found.Inode, found.Device) == (origin.Inode, origin.Device);
        return isLink || IsCopy(request.Base, path) ? Describe(request, path) : null;
    }

    /// <summary>What a record says of one that it names, when its file is whole; else null and why.
    /// </summary>
    public static InstanceDisk? Read(InstanceRecord record, string path, out string problem)
    {
        var recorded = record.Disks.First(
            d => Path.GetFileName(d.Path) == Path.GetFileName(path));
        var isFile = StoreFiles.TryStat(path, out var stat) && stat.IsFile;
        problem = isFile
            ? $"is {stat.Size} bytes long, and was made of {recorded.VirtualSizeBytes}"
            : "is no file";
        return isFile && stat.Size == recorded.VirtualSizeBytes
            ? recorded with { Path = path, AllocatedBytes = AllocatedBytes(stat) }
            : null;
    }

    private void Copy(CloneRequest request, string path, CancellationToken token)
    {
        RawFile.Copy(
            _files, store.Layout.BaseData(request.Base), path, progress: null, token);
        using var file = _files.OpenToWrite(path);
        store.Owner.SealBase(path);
        new RawDiskMark(driver, request.Base, DiskLayout.Whole).Write(_files, file, path);
        _files.Sync(file, path);
    }

    private bool IsCopy(BaseKey key, string path)
    {
        using var file = _files.OpenToRead(path);
        return RawDiskMark.Read(file) is { } mark
            && mark.Base == key
            && mark.LeastBytes == StoreFiles.Length(file);
    }

    private InstanceDisk Describe(CloneRequest request, string path)
    {
        StoreFiles.TryStat(path, out var stat);
        return new InstanceDisk
        {
            Name = request.Disk,
            BackingFile = request.Base,
            VirtualSizeBytes = stat.Size,
            AllocatedBytes = AllocatedBytes(stat),
            Path = path,
            Format = "raw",
            Driver = driver,
        };
    }

    /// <summary>A file with another name is its base's.</summary>
    private static long AllocatedBytes(LibC.Statx stat) =>
        stat.LinkCount > 1 ? 0 : stat.AllocatedBytes;
}
