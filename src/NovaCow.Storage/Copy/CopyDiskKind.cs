using Microsoft.Win32.SafeHandles;
using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>Raw disks that own all of their bytes: sparse copies of their base, whole or as a
/// partition.</summary>
internal sealed class CopyDiskKind : IDiskKind
{
    public string Driver => DriverName.Copy;

    public string Format => "raw";

    public string Extension => "raw";

    public bool HasBackingFile => false;

    public bool CanPartition => true;

    public long MaxVirtualBytes => 1L << 60;

    public DiskFacts Write(
        StoreFiles files, NewDisk disk, IProgress<long>? progress, CancellationToken token)
    {
        var (file, path, request) = (disk.File, disk.Path, disk.Request);
        var size = disk.Partitions?.DiskBytes ?? request.VirtualSizeBytes;
        using (var source = files.OpenToRead(disk.BasePath))
        {
            var copy = new SparseCopy(files, file, path);
            files.SetLength(file, path, size);
            if (disk.Partitions is { } partitions)
                WritePartitions(files, disk, (partitions, copy, source), progress, token);
            else
                copy.Copy(source, 0, progress, token);
        }

        var layout = disk.Partitions is null ? DiskLayout.Whole : DiskLayout.Ec2;
        new RawDiskMark(Driver, Base: null, layout).Write(files, file, path);
        return new DiskFacts(Base: null, size, layout);
    }

    public IDiskSink Rewrite(DiskTarget target) => new RawDisk(target, Driver);

    public bool TryGrow(StoreFiles files, OpenDisk disk, long virtualSizeBytes)
    {
        files.SetLength(disk.File, disk.Path, virtualSizeBytes);
        return true;
    }

    public DiskFacts? Read(SafeFileHandle file, string path, out string problem) =>
        RawDiskMark.ReadFacts(file, Driver, out problem);

    private static void WritePartitions(
        StoreFiles files,
        NewDisk disk,
        (PartitionedDisk Partitions, SparseCopy Copy, SafeFileHandle Root) what,
        IProgress<long>? progress,
        CancellationToken token)
    {
        var signature = PartitionedDisk.SignatureOf(disk.Request.Instance, disk.Request.Disk);
        files.Write(disk.File, disk.Path, what.Partitions.BootRecord(signature), 0);
        what.Copy.Copy(what.Root, PartitionedDisk.RootStart, progress, token);
        if (what.Partitions.Local is null)
            return;
        using var local = files.OpenToRead(disk.LocalStoragePath
            ?? throw new ArgumentException("its local storage was not made", nameof(disk)));
        what.Copy.Copy(local, what.Partitions.LocalStart, progress, token);
    }
}
