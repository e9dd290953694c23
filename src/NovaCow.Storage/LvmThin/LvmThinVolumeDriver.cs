using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>
/// Bases as thin logical volumes and clones as thin snapshots of them, in an operator's thin pool.
/// What it knows is in the volumes' tags and in its host's store: the bases' records, the
/// instances', and the store's id, by which its volumes are told from all others.
/// </summary>
/// <remarks>
/// <para>Volumes are whole extents of their group: a size that is none is rounded up, and a disk
/// says the size that it has. <see cref="InstanceDisk.AllocatedBytes"/> is what is mapped, what it
/// shares with its base included; of a disk that is found, to a hundredth of a percent.</para>
/// <para>Stores of one host may share a pool. Hosts may not share a group: nothing here locks it
/// for more than one.</para>
/// </remarks>
public sealed class LvmThinVolumeDriver : IVolumeDriver, IMeasuresSpace
{
    private readonly LvmContext _context;
    private readonly LvmBases _bases;
    private readonly LvmDisks _disks;
    private readonly LvmChanges _changes;
    private readonly LvmUsage _usage;

    private LvmThinVolumeDriver(
        LvmContext context, IImageInspector inspector, SandboxOptions? sandbox)
    {
        var walls = new Sandbox(sandbox ?? new SandboxOptions(), context.Host.Note);
        _context = context;
        _bases = new LvmBases(context, new BaseBuilder(context.Host, inspector, walls));
        _disks = new LvmDisks(context, _bases);
        _changes = new LvmChanges(context, _bases, _disks);
        _usage = new LvmUsage(context, _bases);
    }

    /// <inheritdoc/>
    public string Name => DriverName.LvmThin;

    /// <summary>Opens the driver, once it is sure that volumes can be made in this pool.</summary>
    /// <param name="store">The host's store, for its records, downloads and builds.</param>
    /// <param name="inspector">Judges images.</param>
    /// <param name="options">The pool.</param>
    /// <param name="sandbox">The bounds of image tools.</param>
    /// <exception cref="PortException">Something is missing: no lvm, no device mapper, no such
    /// group or pool, or a pool that does not zero or does not pass discards down. The message says
    /// which and what to do.</exception>
    public static async Task<LvmThinVolumeDriver> OpenAsync(
        HostStore store,
        IImageInspector inspector,
        LvmThinOptions options,
        SandboxOptions? sandbox = null)
    {
        var own = new LvmStore(store);
        var what = $"thin pool {options.PoolName}: cannot be used";
        var id = await store.RunAsync(what, own.Open, CancellationToken.None);
        var context = new LvmContext(store, own, new Lvm(options, store.Files, id), id);
        await context.ExplainAsync(what, () => PoolChecks.OpenAsync(context.Lvm));
        return new LvmThinVolumeDriver(context, inspector, sandbox);
    }

    /// <inheritdoc/>
    /// <remarks>The image becomes a raw file in the store first, which is removed once its data are
    /// in the volume: the store needs room for that.</remarks>
    public Task<Ensured<BaseVolume>> EnsureBaseAsync(
        BaseContent content,
        string? imagePath,
        IProgress<long>? progress,
        CancellationToken cancellationToken) => _context.ExplainAsync(
            $"base {content.Key()}: cannot be made",
            () => _bases.EnsureAsync(content, imagePath, progress, cancellationToken),
            needsRoom: true);

    /// <inheritdoc/>
    public Task<Ensured<InstanceDisk>> EnsureDiskAsync(
        CloneRequest request, IProgress<long>? progress, CancellationToken cancellationToken) =>
        _context.ExplainAsync(
            $"disk {request.Disk} of instance {request.Instance}: cannot be made",
            () => _disks.EnsureAsync(request, cancellationToken),
            needsRoom: true);

    /// <inheritdoc/>
    /// <remarks>The path never changes: what takes the disk's place gets its name.</remarks>
    public Task<InstanceDisk> ChangeDiskAsync(
        DiskChangeRequest request,
        IProgress<long>? progress,
        CancellationToken cancellationToken) => _context.ExplainAsync(
            $"disk {request.Disk.Name} of instance {request.Instance}: cannot be changed",
            () => _changes.ChangeAsync(request, progress, cancellationToken),
            needsRoom: true);

    /// <inheritdoc/>
    public Task DeleteDiskAsync(
        InstanceId instance, DiskName disk, CancellationToken cancellationToken) =>
        _context.ExplainAsync(
            $"disk {disk} of instance {instance}: cannot be removed",
            () => _disks.DeleteAsync(instance, disk));

    /// <inheritdoc/>
    public Task DeleteBaseAsync(BaseKey key, CancellationToken cancellationToken) =>
        _context.ExplainAsync(
            $"base {key}: cannot be removed", () => _bases.DeleteAsync(key));

    /// <inheritdoc/>
    public Task<string?> VerifyBaseAsync(
        BaseKey key, IProgress<long>? progress, CancellationToken cancellationToken) =>
        _context.ExplainAsync(
            $"base {key}: cannot be verified",
            () => _bases.VerifyAsync(key, progress, cancellationToken));

    /// <inheritdoc/>
    /// <remarks>
    /// Removed: volumes of this store that no record names. A change that was cut off is ended, and
    /// disks are activated that the host's start has not activated. What has not this store's tag,
    /// or a name that this store did not give it, is left alone.
    /// </remarks>
    public Task<VolumeInventory> ListAsync(CancellationToken cancellationToken) =>
        _context.ExplainAsync(
            $"thin pool {_context.Options.PoolName}: cannot be listed",
            async () =>
            {
                await _usage.ReleaseLeftoverAsync();
                var report = await _context.Lvm.ReportAsync();
                NoteStrangers(report);
                var bases = await _bases.ListAsync(report);
                return new VolumeInventory(bases.Bases, await _disks.ListAsync(report))
                {
                    Damaged = bases.Damaged,
                };
            });

    /// <inheritdoc/>
    /// <remarks>What disks share is told by the pool's own metadata; where that cannot be read, all
    /// they map counts as their own, which is an upper bound, and a note says so.</remarks>
    public Task<VolumeUsage> MeasureAsync(CancellationToken cancellationToken) =>
        _context.ExplainAsync(
            $"thin pool {_context.Options.PoolName}: cannot be measured",
            () => _usage.MeasureAsync(cancellationToken));

    /// <summary>The pool's size, and what may still be written below its mark; asks lvm.</summary>
    /// <exception cref="PortException">The pool cannot be asked.</exception>
    public Task<StoreSpace> MeasureSpaceAsync(CancellationToken cancellationToken) => _context.ExplainAsync(
        $"thin pool {_context.Options.PoolName}: cannot be measured",
        async () => SpaceIn(await _context.Lvm.ReportAsync()));

    /// <summary>The same, as it was when lvm was last asked: at open, by
    /// <see cref="MeasureSpaceAsync"/>, and by every method of the port. Costs nothing.</summary>
    public StoreSpace MeasureSpace() => SpaceIn(_context.Lvm.LastReport);

    private StoreSpace SpaceIn(LvmReport? report) => report?.Pool is { } pool
        ? new StoreSpace(pool.SizeBytes, PoolChecks.FreeBytes(pool, _context.Options))
        : default;

    private void NoteStrangers(LvmReport report)
    {
        var ours = VolumeMark.OfStore(_context.StoreId);
        foreach (var volume in report.Volumes)
        {
            if (volume.Tags.Contains(ours) && _context.MarkOf(volume) is null)
            {
                _context.Host.Note(
                    $"volume {volume.Name} carries this store's tag, and its other tags or its "
                        + "pool are not such as the store gives; it was left alone");
            }
        }

        var others = report.Volumes.Count(
            v => v.Pool == _context.Options.ThinPool && !v.Tags.Contains(ours));
        if (others > 0)
        {
            _context.Host.Note(
                $"thin pool {_context.Options.PoolName} has {others} volumes that are not this "
                    + "store's too; they were left alone, and fill it with this store's");
        }
    }
}
