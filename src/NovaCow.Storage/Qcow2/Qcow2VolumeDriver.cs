using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>
/// The driver for plain files on any file system: raw bases, and clones that are qcow2 overlays
/// over them, written in-process. All it knows is in its host's store.
/// </summary>
public sealed class Qcow2VolumeDriver : IVolumeDriver
{
    private readonly HostStore _store;
    private readonly BaseShelf _bases;
    private readonly Qcow2Disks _disks;

    /// <param name="store">Where the volumes are; outlives the driver.</param>
    /// <param name="inspector">Judges images before a tool opens them.</param>
    /// <param name="sandbox">What those tools may use.</param>
    public Qcow2VolumeDriver(
        HostStore store, IImageInspector inspector, SandboxOptions? sandbox = null)
    {
        var walls = new Sandbox(sandbox ?? new SandboxOptions(), store.Note);
        _store = store;
        _bases = new BaseShelf(store, new BaseBuilder(store, inspector, walls));
        _disks = new Qcow2Disks(store, _bases);
    }

    /// <inheritdoc/>
    public string Name => "qcow2";

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
        CloneRequest request, CancellationToken cancellationToken) =>
        _store.RunAsync(
            $"disk {request.Disk} of instance {request.Instance}: cannot be made",
            () => _disks.Ensure(request),
            cancellationToken);

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
}
