using NovaCow.Core;

namespace NovaCow.Storage.Tests;

/// <summary>A driver on its store, as a host runs them; disposed and opened again, a restart.
/// </summary>
internal sealed record DriverHost(HostStore Store, IVolumeDriver Driver) : IDisposable
{
    /// <summary>What is on the store and beside it, where volumes are no files: one name for each
    /// base, instance and download.</summary>
    public Func<string[]>? Volumes { get; init; }

    public void Dispose() => Store.Dispose();

    public async Task<BaseVolume> BlankAsync(
        long bytes, BlankFileSystem fs = BlankFileSystem.Raw) =>
        (await Driver.EnsureBaseAsync(TestImages.Blank(bytes, fs), null, null, default)).Value;

    public async Task<BaseVolume> ImageAsync(string path, DiskFormat format, long virtualBytes)
    {
        var content = new BaseContent.OfImage(TestImages.Describe(path, format, virtualBytes));
        return (await Driver.EnsureBaseAsync(content, path, null, default)).Value;
    }

    public async Task<InstanceDisk> CloneAsync(
        BaseVolume volume, string instance, DiskName? disk = null, long? bytes = null) =>
        (await Driver.EnsureDiskAsync(Request(volume, instance, disk, bytes), null, default)).Value;

    /// <summary>A clone with its instance's record: one that a restart keeps.</summary>
    public async Task<InstanceDisk> CommitAsync(BaseVolume volume, string instance)
    {
        var disk = await CloneAsync(volume, instance);
        await Store.SaveInstanceAsync(
            TestImages.Record(InstanceId.Parse(instance), disk), default);
        return disk;
    }

    public static CloneRequest Request(
        BaseVolume volume, string instance, DiskName? disk = null, long? bytes = null) => new(
            InstanceId.Parse(instance),
            disk ?? DiskName.Root,
            volume.Key,
            bytes ?? volume.VirtualSizeBytes);

    /// <summary>Every file of the volumes, to show that nothing is left.</summary>
    public string[] Leftovers() => Volumes?.Invoke() ??
    [
        .. Directory.EnumerateFileSystemEntries(Path.Combine(Store.Root, "bases")),
        .. Directory.EnumerateFileSystemEntries(Path.Combine(Store.Root, "instances")),
        .. Directory.EnumerateFileSystemEntries(Path.Combine(Store.Root, "incoming")),
    ];
}
