using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>
/// What the drivers of files have in common: raw bases, which they share in one store, and disks of
/// one <see cref="IDiskKind"/>. All they know is in their host's store.
/// </summary>
public abstract partial class FileVolumeDriver : IVolumeDriver
{
    private readonly HostStore _store;
    private readonly BaseShelf _bases;
    private readonly FileDisks _disks;
    private readonly LocalStorage _localStorage;
    private readonly DiskUsages _usages;
    private readonly DiskChanges _changes;

    private protected FileVolumeDriver(
        HostStore store, IImageInspector inspector, SandboxOptions? sandbox, IDiskKind kind)
    {
        var walls = new Sandbox(sandbox ?? new SandboxOptions(), store.Note);
        _store = store;
        var builder = new BaseBuilder(store, inspector, walls);
        _bases = new BaseShelf(store, builder);
        _localStorage = new LocalStorage(store, builder);
        _disks = new FileDisks(store, _bases, kind);
        _usages = new DiskUsages(store, kind);
        _changes = new DiskChanges(store, _disks, kind, new ChangeLimits());
        Name = kind.Driver;
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <summary>What changes of disks may take.</summary>
    public ChangeLimits ChangeLimits
    {
        get => _changes.Limits;
        init
        {
            _changes = new DiskChanges(_store, _disks, _changes.Kind, value);
            _arriving = new SemaphoreSlim(value.AtOnce);
        }
    }

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
        request.Transfer is { Source.Dead: not null }
            ? TakeOverAsync(request, progress, cancellationToken)
            : request.Transfer is not null
            ? ImportAsync(request, progress, cancellationToken)
            : request.Contents is not null
            ? _changes.AdoptAsync(request, progress, cancellationToken)
            : request.Layout == DiskLayout.Whole || request.LocalStorage is null
            ? EnsureDiskAsync(request, localStoragePath: null, progress, cancellationToken)
            : EnsureWithLocalStorageAsync(request, progress, cancellationToken);

    /// <inheritdoc/>
    public Task<InstanceDisk> ChangeDiskAsync(
        DiskChangeRequest request,
        IProgress<long>? progress,
        CancellationToken cancellationToken) =>
        _changes.ChangeAsync(request, progress, cancellationToken);

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
    /// <remarks>The digest is the image's own where the base holds the image's very bytes; else the
    /// base is held against a seal, which the first verification writes.</remarks>
    public Task<string?> VerifyBaseAsync(
        BaseKey key, IProgress<long>? progress, CancellationToken cancellationToken) =>
        _store.RunAsync(
            $"base {key}: cannot be verified",
            () => _bases.Verify(key, progress, cancellationToken),
            cancellationToken);

    /// <inheritdoc/>
    /// <remarks>
    /// Removed: builds and removals that did not end, records that were not published, and disks
    /// that no instance's record names. A disk that a record names is never removed: when it is
    /// not there or not whole, it is not returned, and noted. What is not of this store is left
    /// alone, and noted.
    /// </remarks>
    public Task<VolumeInventory> ListAsync(CancellationToken cancellationToken) => _store.RunAsync(
        $"store {_store.Root}: cannot be listed",
        List,
        cancellationToken);

    /// <inheritdoc/>
    /// <remarks>Bases, which the drivers of files share, are measured by each of them. Disks that
    /// are whole are measured, whether their instance has its record already or not.</remarks>
    public Task<VolumeUsage> MeasureAsync(CancellationToken cancellationToken) => _store.RunAsync(
        $"store {_store.Root}: cannot be measured",
        () => new VolumeUsage(_bases.Measure(), _usages.Measure(cancellationToken)),
        cancellationToken);

    private Task<Ensured<InstanceDisk>> EnsureDiskAsync(
        CloneRequest request,
        string? localStoragePath,
        IProgress<long>? progress,
        CancellationToken token) => _store.RunAsync(
            WhatIsMade(request),
            () => _disks.Ensure(request, localStoragePath, progress, token),
            token);

    /// <summary>Formats local storage first: that takes a tool, and the store's threads only wait
    /// for the disk.</summary>
    private async Task<Ensured<InstanceDisk>> EnsureWithLocalStorageAsync(
        CloneRequest request, IProgress<long>? progress, CancellationToken token)
    {
        var isWanted = await _store.RunAsync(
            WhatIsMade(request), () => _disks.WantsLocalStorage(request), token);
        if (!isWanted)
            return await EnsureDiskAsync(request, localStoragePath: null, progress, token);
        try
        {
            var path = await _localStorage.MakeAsync(request, token);
            return await EnsureDiskAsync(request, path, progress, token);
        }
        finally
        {
            await _localStorage.DiscardAsync(request);
        }
    }

    private static string WhatIsMade(CloneRequest request) =>
        $"disk {request.Disk} of instance {request.Instance}: cannot be made";

    private VolumeInventory List()
    {
        var bases = _bases.List();
        return new VolumeInventory(bases.Bases, _disks.List())
        {
            Damaged = bases.Damaged,
            Unsealed = bases.Unsealed,
        };
    }
}
