using Microsoft.Win32.SafeHandles;
using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>Raw disks that own all of their bytes: sparse copies of their base.</summary>
internal sealed class CopyDiskKind : IDiskKind
{
    public string Driver => DriverName.Copy;

    public string Format => "raw";

    public string Extension => "raw";

    public bool HasBackingFile => false;

    public long MaxVirtualBytes => 1L << 60;

    public DiskFacts Write(
        StoreFiles files, NewDisk disk, IProgress<long>? progress, CancellationToken token)
    {
        var (file, path, request) = (disk.File, disk.Path, disk.Request);
        using (var source = files.OpenToRead(disk.BasePath))
            RawFile.CopyData(files, source, (file, path), progress, token);
        files.SetLength(file, path, request.VirtualSizeBytes);
        new RawDiskMark(Driver, Base: null, DiskLayout.Whole).Write(files, file, path);
        return new DiskFacts(Base: null, request.VirtualSizeBytes);
    }

    public DiskFacts? Read(SafeFileHandle file, string path, out string problem) =>
        RawDiskMark.ReadFacts(file, Driver, out problem);
}
