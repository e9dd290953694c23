using NovaCow.Core;

namespace NovaCow.Actors.Tests.Fakes;

/// <summary>The driver that copies, over the same disk in memory as the one that clones: its disks
/// own their bytes, and may hold local storage.</summary>
internal sealed class FakeCopies(FakeDisk disk) : IVolumeDriver
{
    public string Name => DriverName.Copy;

    /// <summary>Whether the bases of images are bare file systems, which become partitions where
    /// the layout is left to the driver.</summary>
    public bool BasesAreBare { get; set; } = true;

    /// <summary>The root disk as it was asked for last.</summary>
    public CloneRequest? Root { get; private set; }

    /// <summary>Reports this many bytes of each copy before it begins.</summary>
    public long? Progress { get; set; }

    public async Task<Ensured<InstanceDisk>> EnsureDiskAsync(
        CloneRequest request, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        if (request.Disk == DiskName.Root)
            Root = request;
        if (Progress is { } done)
            progress!.Report(done);
        var made = await disk.EnsureDiskAsync(request, progress, cancellationToken);
        var isPartitioned = request.Layout == DiskLayout.Ec2
            || (request.Layout == DiskLayout.Auto && BasesAreBare);
        var copy = made.Value with
        {
            BackingFile = request.Disk.IsBootFile ? request.Base : null,
            Driver = Name,
            Format = request.Disk.IsBootFile ? made.Value.Format : "raw",
            Layout = isPartitioned ? DiskLayout.Ec2 : DiskLayout.Whole,
        };
        var id = (request.Instance, request.Disk);
        if (request.Disk.IsBootFile)
        {
            disk.BootFiles[copy.Path] = copy;
            return new Ensured<InstanceDisk>(copy, made.Created);
        }

        copy = copy with { Path = Path.ChangeExtension(copy.Path, "raw") };
        disk.Disks.TryRemove(id, out _);
        return new Ensured<InstanceDisk>(copy, disk.RawDisks.TryAdd(id, copy));
    }

    public Task DeleteDiskAsync(
        InstanceId instance, DiskName name, CancellationToken cancellationToken) =>
        name.IsBootFile
            ? disk.DeleteDiskAsync(instance, name, cancellationToken)
            : disk.DeleteRawAsync(instance, name, cancellationToken);

    public async Task<VolumeInventory> ListAsync(CancellationToken cancellationToken) =>
        FakeDisk.Of(Name, await disk.InventoryAsync(cancellationToken));

    public Task<Ensured<BaseVolume>> EnsureBaseAsync(
        BaseContent content, string? imagePath, IProgress<long>? progress,
        CancellationToken cancellationToken) =>
        throw new NotSupportedException("the default driver makes the bases");

    public Task DeleteBaseAsync(BaseKey key, CancellationToken cancellationToken) =>
        disk.DeleteBaseAsync(key, cancellationToken);

    public Task<InstanceDisk> ChangeDiskAsync(
        DiskChangeRequest request, IProgress<long>? progress, CancellationToken cancellationToken)
        => disk.ChangeAsync(Name, request, progress, cancellationToken);

    public Task<string?> VerifyBaseAsync(
        BaseKey key, IProgress<long>? progress, CancellationToken cancellationToken) =>
        disk.VerifyBaseAsync(key, progress, cancellationToken);

    public Task<VolumeUsage> MeasureAsync(CancellationToken cancellationToken) =>
        Task.FromResult(disk.Usage(new(disk.RawDisks.Where(d => d.Value.Driver == Name))));
}
