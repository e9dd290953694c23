using Microsoft.Win32.SafeHandles;
using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>qcow2 overlays over raw bases: three short writes each.</summary>
internal sealed class Qcow2DiskKind : IDiskKind
{
    public string Driver => DriverName.Qcow2;

    public string Format => "qcow2";

    public string Extension => "qcow2";

    public bool HasBackingFile => true;

    public long MaxVirtualBytes => Qcow2Overlay.MaxVirtualBytes;

    public DiskFacts Write(
        StoreFiles files, NewDisk disk, IProgress<long>? progress, CancellationToken token)
    {
        var (size, key) = (disk.Request.VirtualSizeBytes, disk.Request.Base);
        var (file, path) = (disk.File, disk.Path);
        files.Write(file, path, Qcow2Overlay.Header(size, BackingFile(key)), 0);
        files.Write(file, path, Qcow2Overlay.RefcountTable(), Qcow2Overlay.RefcountTableOffset);
        files.Write(
            file, path, Qcow2Overlay.RefcountBlock(size), Qcow2Overlay.RefcountBlockOffset);
        files.SetLength(file, path, Qcow2Overlay.FileBytes(size));
        return new DiskFacts(key, size);
    }

    public IDiskSink Rewrite(DiskTarget target) => new Qcow2Writer(
        target.Files,
        (target.File, target.Path),
        target.Facts.VirtualSizeBytes,
        target.Facts.Base is { } key ? BackingFile(key) : null);

    public bool TryGrow(StoreFiles files, OpenDisk disk, long virtualSizeBytes) =>
        Qcow2Growth.TryGrow(files, (disk.File, disk.Path), disk.Backing, virtualSizeBytes);

    public DiskFacts? Read(SafeFileHandle file, string path, out string problem) =>
        ReadFacts(file, out problem);

    /// <summary>What a qcow2 disk of a store says; null and why when it is none.</summary>
    public static DiskFacts? ReadFacts(SafeFileHandle file, out string problem)
    {
        var start = new byte[Qcow2Overlay.HeaderBytes];
        var count = RandomAccess.Read(file, start, 0);
        var length = StoreFiles.Length(file);
        var header = Qcow2Overlay.Parse(start.AsSpan(0, count), length);
        var key = header?.BackingFile is { } backing ? KeyOf(backing) : null;
        problem = header is null
            ? "is no whole qcow2 file"
            : $"lies over {header.BackingFile}, which is no base of this store";
        return header is null || (header.BackingFile is not null && key is null)
            ? null
            : new DiskFacts(key, header.VirtualSizeBytes);
    }

    /// <summary>Relative to the overlay, so that a store can be moved whole.</summary>
    private static string BackingFile(BaseKey key) => $"../../bases/{key}/{StoreLayout.BaseFile}";

    private static BaseKey? KeyOf(string backingFile)
    {
        var folder = Path.GetFileName(Path.GetDirectoryName(backingFile));
        return BaseKey.TryParse(folder, out var key, out _) && BackingFile(key) == backingFile
            ? key
            : null;
    }
}
