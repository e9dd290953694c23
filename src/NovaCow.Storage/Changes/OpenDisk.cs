using Microsoft.Win32.SafeHandles;
using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>A disk's file opened for a change, alone, with what it lies over.</summary>
internal sealed class OpenDisk : IDisposable
{
    private readonly SafeFileHandle? _backing;
    private readonly string? _backingPath;

    private OpenDisk(
        DiskLease lease, string path, (SafeFileHandle? File, string? Path) below, bool isQcow2)
    {
        (Lease, Path, (_backing, _backingPath)) = (lease, path, below);
        var backing = _backing;
        Backing = backing is null ? null : new RawView(backing);
        View = isQcow2 ? new Qcow2View(lease.File, path, Backing) : new RawView(lease.File);
    }

    public DiskLease Lease { get; }

    public SafeFileHandle File => Lease.File;

    public string Path { get; }

    /// <summary>The raw file that it lies over; null when it is itself raw, or lies over nothing.
    /// </summary>
    public IDiskView? Backing { get; }

    /// <summary>What a guest reads from it.</summary>
    public IDiskView View { get; }

    /// <param name="files">Opens the files.</param>
    /// <param name="path">The disk.</param>
    /// <param name="format">What it is opened as: qcow2 or raw, never probed.</param>
    /// <param name="backingPath">The raw file that it lies over, whatever its header says.</param>
    /// <param name="isWritable">Whether it is to be changed where it stands.</param>
    /// <exception cref="PortException">It is in use, or no such disk.</exception>
    public static OpenDisk Open(
        StoreFiles files, string path, string format, string? backingPath, bool isWritable = false)
    {
        if (!StoreFiles.TryStat(path, out var stat) || !stat.IsFile)
            throw Wrong(path, "is no file", "name the disk's own file, not a link or a device");
        var file = isWritable ? files.OpenToWrite(path) : files.OpenToRead(path);
        return Open(
            DiskLease.Take(file, path, isWritable),
            path,
            format == "qcow2",
            (backingPath, files.OpenToRead));
    }

    /// <summary>Opens a disk that is not of this store: to no path of it a link may belong.
    /// </summary>
    /// <exception cref="PortException">It is in use, or no such disk.</exception>
    public static OpenDisk OpenForeign(ForeignDisk disk)
    {
        if (disk.Format is not ("raw" or "qcow2"))
            throw Wrong(disk.Path, $"is of format {disk.Format}", "convert it to raw or qcow2");
        return Open(
            DiskLease.Take(OpenWithoutLinks(disk.Path), disk.Path, isWritable: false),
            disk.Path,
            disk.Format == "qcow2",
            (disk.BackingPath, OpenWithoutLinks));
    }

    private static SafeFileHandle OpenWithoutLinks(string path) =>
        StoreFiles.TryOpenWithoutLinks(path, isFolder: false, out var problem)
            ?? throw Wrong(path, $"cannot be opened: {problem}", "look at its folder again");

    /// <summary>Opens a disk whose file the caller has opened, alone.</summary>
    /// <param name="lease">The file; it is disposed with this, also on failure.</param>
    /// <param name="path">Its path.</param>
    /// <param name="isQcow2">Whether it is qcow2; else it is raw.</param>
    /// <param name="below">The raw file that it lies over, and how that is opened.</param>
    public static OpenDisk Open(
        DiskLease lease,
        string path,
        bool isQcow2,
        (string? Path, Func<string, SafeFileHandle> Open) below)
    {
        SafeFileHandle? backing = null;
        try
        {
            if (isQcow2)
                CheckBacking(lease.File, path, below.Path);
            backing = isQcow2 && below.Path is not null ? below.Open(below.Path) : null;
            return new OpenDisk(lease, path, (backing, below.Path), isQcow2);
        }
        catch
        {
            backing?.Dispose();
            lease.Dispose();
            throw;
        }
    }

    /// <summary>Until where, from an offset on, this refers to a base that it lies over, or lies at
    /// a base's own place on the medium.</summary>
    public Func<long, long> SameUntil(StoreFiles files, SafeFileHandle basis, string basePath)
    {
        if (View is Qcow2View overlay && _backingPath == basePath)
            return overlay.BackedUntil;
        var length = StoreFiles.Length(basis);
        if (View is not RawView
            || StoreFiles.Stat(basis, basePath).Device != StoreFiles.Stat(File, Path).Device)
        {
            return static offset => offset;
        }

        // What was written over shared blocks and is only in memory yet is not told: by the map it
        // would still lie at the base's place.
        files.Sync(File, Path);
        var (ours, theirs) = (new ExtentMap(File), new ExtentMap(basis));
        return offset => Math.Min(ours.SameUntil(theirs, offset), length);
    }

    public void Dispose()
    {
        _backing?.Dispose();
        Lease.Dispose();
    }

    private static void CheckBacking(SafeFileHandle file, string path, string? backingPath)
    {
        var hasBacking = Qcow2Metadata.Read(file, path).HasBackingFile;
        if (hasBacking && backingPath is null)
            throw Wrong(path, "lies over another file", "name the raw file that it lies over");
        if (!hasBacking && backingPath is not null)
            throw Wrong(path, $"lies over no file, not over {backingPath}", "name none");
    }

    private static PortException Wrong(string path, string cause, string remedy) =>
        PortException.Final(
            LaunchErrorCode.InvalidRequest, $"{path} {cause}; nothing was changed: {remedy}");
}
