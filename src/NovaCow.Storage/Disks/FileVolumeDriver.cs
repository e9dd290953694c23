using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>
/// What the drivers of files have in common: raw bases, which they share in one store, and disks of
/// one <see cref="IDiskKind"/>. All they know is in their host's store.
/// </summary>
public abstract class FileVolumeDriver : IVolumeDriver
{
    private readonly HostStore _store;
    private readonly BaseShelf _bases;
    private readonly FileDisks _disks;

    private protected FileVolumeDriver(
        HostStore store, IImageInspector inspector, SandboxOptions? sandbox, IDiskKind kind)
    {
        var walls = new Sandbox(sandbox ?? new SandboxOptions(), store.Note);
        _store = store;
        _bases = new BaseShelf(store, new BaseBuilder(store, inspector, walls));
        _disks = new FileDisks(store, _bases, kind);
        Name = kind.Driver;
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    /// <remarks>A raw or iso image in the store's own incoming folder becomes the base's file
    /// itself, under a second name: it must not be written to afterwards.</remarks>
    public Task<Ensured<BaseVolume>> EnsureBaseAsync(
        BaseContent content,
        string? imagePath,
        IProgress<long>? progress,
        CancellationToken cancellationToken) =>
        _bases.EnsureAsync(content, imagePath, progress, cancellationToken);

    /// <inheritdoc/>
    /// <remarks>File and folder are synced. That the folder is found after a power loss is promised
    /// by the instance's record, without which the next start removes the disk anyway.</remarks>
    public Task<Ensured<InstanceDisk>> EnsureDiskAsync(
        CloneRequest request, IProgress<long>? progress, CancellationToken cancellationToken) =>
        _store.RunAsync(
            $"disk {request.Disk} of instance {request.Instance}: cannot be made",
            () => _disks.Ensure(request, progress, cancellationToken),
            cancellationToken);

    /// <inheritdoc/>
    public Task<InstanceDisk> ChangeDiskAsync(
        DiskChangeRequest request,
        IProgress<long>? progress,
        CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    /// <inheritdoc/>
    public Task DeleteDiskAsync(
        InstanceId instance, DiskName disk, CancellationToken cancellationToken) =>
        _store.RunAsync(
            $"disk {disk} of instance {instance}: cannot be removed",
            () => _disks.Delete(instance, disk),
            cancellationToken);

    /// <inheritdoc/>
    public Task DeleteBaseAsync(BaseKey key, CancellationToken cancellationToken) =>
        _bases.DeleteAsync(key, cancellationToken);

    /// <inheritdoc/>
    public Task<string?> VerifyBaseAsync(
        BaseKey key, IProgress<long>? progress, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    /// <inheritdoc/>
    /// <remarks>
    /// Removed: builds and removals that did not end, records that were not published, and disks
    /// that no instance's record names. A disk that a record names is never removed: when it is
    /// not there or not whole, it is not returned, and noted. What is not of this store is left
    /// alone, and noted.
    /// </remarks>
    public Task<VolumeInventory> ListAsync(CancellationToken cancellationToken) => _store.RunAsync(
        $"store {_store.Root}: cannot be listed",
        () => new VolumeInventory(_bases.List(), _disks.List()),
        cancellationToken);

    /// <inheritdoc/>
    public Task<VolumeUsage> MeasureAsync(CancellationToken cancellationToken) =>
        throw new NotSupportedException();
}
