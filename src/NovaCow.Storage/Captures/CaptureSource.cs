using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>A disk that is read to make an image of it: a disk of the store that nobody has open, or
/// the copy that a hypervisor made of a running machine's. What is in it is its guest's, so it is
/// opened in the format that its driver says and never looked at for another.</summary>
internal sealed class CaptureSource : IDisposable
{
    private readonly IDisposable _file;

    private CaptureSource(IDisposable file, DiskLease lease, IDiskView view) =>
        (_file, Lease, View) = (file, lease, view);

    /// <summary>Keeps others from it.</summary>
    public DiskLease Lease { get; }

    /// <summary>What a guest reads from it.</summary>
    public IDiskView View { get; }

    /// <exception cref="PortException">It is in use, or no such disk.</exception>
    public static CaptureSource Open(HostStore store, CaptureRequest request)
    {
        if (request.Copy is not null)
            return OpenCopy(store, request);
        if (request.Disk.Driver == DriverName.LvmThin)
            return OpenVolume(request.Disk.Path);
        var found = FoundDisk.Read(
            store,
            new DiskChangeRequest(request.Instance, request.Disk, new DiskChange.Flatten()));
        var disk = found.Open(store.Files);
        return new CaptureSource(disk, disk.Lease, disk.View);
    }

    public void Dispose() => _file.Dispose();

    private static CaptureSource OpenCopy(HostStore store, CaptureRequest request)
    {
        var path = store.Layout.CaptureCopy(request.Instance);
        if (request.Copy != path)
            throw Refused(request.Copy!, "is not where copies of disks are", $"copy it to {path}");
        if (!StoreFiles.TryStat(path, out var stat)
            || stat is not { IsFile: true, LinkCount: 1 }
            || RawFile.WholeSectors(stat.Size) != request.Disk.VirtualSizeBytes)
        {
            throw Refused(
                path,
                $"is no whole copy of a disk of {request.Disk.VirtualSizeBytes} bytes",
                "try again");
        }

        var lease = DiskLease.Take(store.Files.OpenToRead(path), path, isWritable: false);
        return new CaptureSource(lease, lease, new RawView(lease.File));
    }

    /// <summary>There are no leases on devices, but qemu locks them as it does files.</summary>
    private static CaptureSource OpenVolume(string path)
    {
        var lease = DiskLease.Take(
            BlockDevice.OpenToRead(path), path, isWritable: false, hasLeases: false);
        return new CaptureSource(lease, lease, new DeviceView(lease.File));
    }

    private static PortException Refused(string path, string cause, string remedy) =>
        PortException.Final(
            LaunchErrorCode.InvalidRequest, $"{path} {cause}; no image was made: {remedy}");
}
