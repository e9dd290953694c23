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

    public long MaxVirtualBytes => 1L << 60;

    public DiskFacts Write(
        StoreFiles files, NewDisk disk, IProgress<long>? progress, CancellationToken token)
    {
        var (file, path, request) = (disk.File, disk.Path, disk.Request);
        using (var source = files.OpenToRead(disk.BasePath))
            files.Clone(source, file, path);
        if (RandomAccess.GetLength(file) != request.VirtualSizeBytes)
            files.SetLength(file, path, request.VirtualSizeBytes);
        new RawDiskMark(Driver, request.Base, DiskLayout.Whole).Write(files, file, path);
        return new DiskFacts(request.Base, request.VirtualSizeBytes);
    }

    public DiskFacts? Read(SafeFileHandle file, string path, out string problem) =>
        RawDiskMark.ReadFacts(file, Driver, out problem);
}
