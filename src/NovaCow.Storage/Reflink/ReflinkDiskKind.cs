using Microsoft.Win32.SafeHandles;
using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>Raw disks that share their blocks with their base until a guest writes.</summary>
internal sealed class ReflinkDiskKind : IDiskKind
{
    public string Driver => DriverName.Reflink;

    public string Format => "raw";

    public string Extension => "raw";

    public bool HasBackingFile => true;

    public bool SharesBlocks => true;

    public long MaxVirtualBytes => 1L << 60;

    public DiskFacts Write(
        StoreFiles files, NewDisk disk, IProgress<long>? progress, CancellationToken token)
    {
        var (file, path, request) = (disk.File, disk.Path, disk.Request);
        Clone(files, disk);
        if (StoreFiles.Length(file) != request.VirtualSizeBytes)
            files.SetLength(file, path, request.VirtualSizeBytes);
        new RawDiskMark(Driver, request.Base, DiskLayout.Whole).Write(files, file, path);
        return new DiskFacts(request.Base, request.VirtualSizeBytes);
    }

    public IDiskSink Rewrite(DiskTarget target) => new RawDisk(target, Driver);

    public bool TryGrow(StoreFiles files, OpenDisk disk, long virtualSizeBytes)
    {
        files.SetLength(disk.File, disk.Path, virtualSizeBytes);
        return true;
    }

    public DiskFacts? Read(SafeFileHandle file, string path, out string problem) =>
        RawDiskMark.ReadFacts(file, Driver, out problem);

    private static void Clone(StoreFiles files, NewDisk disk)
    {
        try
        {
            using var source = files.OpenToRead(disk.BasePath);
            files.Clone(source, disk.File, disk.Path);
        }
        catch (StoreIoException e) when (e.IsUnsupported)
        {
            throw PortException.Final(
                LaunchErrorCode.VolumeDriver,
                $"disk {disk.Request.Disk} of instance {disk.Request.Instance}: cannot share the "
                    + $"blocks of base {disk.Request.Base} ({e.Message}): keep the store whole on "
                    + $"one file system that can: {ReflinkProbe.Remedy}",
                e);
        }
    }
}
