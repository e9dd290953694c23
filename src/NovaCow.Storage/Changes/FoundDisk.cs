using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>A disk of a store as its file says it is, whoever's record names it.</summary>
/// <param name="Path">Its file.</param>
/// <param name="Driver">Whose disk it is.</param>
/// <param name="Facts">What it says of itself.</param>
/// <param name="BackingPath">The raw file of its base, where it has to be read through it.</param>
internal sealed record FoundDisk(
    string Path, string Driver, DiskFacts Facts, string? BackingPath)
{
    private const string Qcow2 = "qcow2", Raw = "raw";

    private string Format => Driver == DriverName.Qcow2 ? Qcow2 : Raw;

    /// <exception cref="PortException">There is no such disk, or it is not whole.</exception>
    public static FoundDisk Read(HostStore store, DiskChangeRequest request)
    {
        var (disk, layout) = (request.Disk, store.Layout);
        var isQcow2 = disk.Driver == DriverName.Qcow2;
        var path = PathOf(layout, request, isQcow2 ? Qcow2 : Raw);
        if (disk.Driver == DriverName.LvmThin)
            throw Refused(path, "is a logical volume, not a file", "ask the driver lvm-thin");
        if (!StoreFiles.TryStat(path, out var stat) || !stat.IsFile)
            throw Refused(path, "is not there", "look at the instance's record");
        using var file = store.Files.OpenToRead(path);
        var driver = isQcow2 ? disk.Driver : RawDiskMark.Read(file)?.Driver ?? disk.Driver;
        var facts = isQcow2
            ? Qcow2DiskKind.ReadFacts(file, out var problem)
            : RawDiskMark.ReadFacts(file, driver, out problem);
        if (facts is null)
            throw Refused(path, problem, "restore it from a backup");
        var backing = isQcow2 && facts.Base is { } key ? layout.BaseData(key) : null;
        return new FoundDisk(path, driver, facts, backing);
    }

    public OpenDisk Open(StoreFiles files, bool isWritable = false) =>
        OpenDisk.Open(files, Path, Format, BackingPath, isWritable);

    /// <summary>The one of a disk's places that its record names; the first when it names none, as
    /// before the store was moved or the driver changed.</summary>
    private static string PathOf(StoreLayout layout, DiskChangeRequest request, string extension)
    {
        var places = layout.DiskPlaces(request.Instance, request.Disk.Name, extension).ToList();
        var file = System.IO.Path.GetFileName(request.Disk.Path);
        return places.Find(p => System.IO.Path.GetFileName(p) == file) ?? places[0];
    }

    private static PortException Refused(string path, string cause, string remedy) =>
        PortException.Final(
            LaunchErrorCode.InvalidRequest, $"{path} {cause}; nothing was changed: {remedy}");
}
