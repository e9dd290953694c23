using NovaCow.Core;
using NovaCow.Core.Hosting;

namespace NovaCow.Storage;

/// <summary>
/// Makes images of one store's disks, keeps them in the store, read-only and named by their digest,
/// and opens them for whoever fetches them. An image is a qcow2 file without a backing file that
/// holds what is not zeros.
/// </summary>
/// <remarks>Disks are read by the store's own readers; no tool opens one. As changes of disks,
/// captures run a few at a time, and slowly if told.</remarks>
public sealed class DiskCaptures : ICapturesDisks
{
    /// <summary>Where captures are fetched from a host, below its address.</summary>
    public const string Route = "v1/captures";

    private readonly HostStore _store;
    private readonly CaptureShelf _shelf;
    private readonly CaptureOrder _order = new();
    private readonly CaptureJudge _judge;
    private readonly Uri _address;
    private readonly ChangeLimits _limits = new();
    private SemaphoreSlim _turns;
    private ChangeThrottle _throttle;

    /// <param name="store">Where the disks and the images are; outlives this.</param>
    /// <param name="inspector">Judges images.</param>
    /// <param name="address">Where other hosts reach this one; http or https.</param>
    public DiskCaptures(HostStore store, IImageInspector inspector, Uri address)
    {
        (_store, _address) = (store, address);
        _shelf = new CaptureShelf(store);
        _judge = new CaptureJudge(store, inspector);
        (_turns, _throttle) = (new(_limits.AtOnce), new(_limits, store.Options.Clock));
    }

    /// <summary>What captures may take.</summary>
    public ChangeLimits Limits
    {
        get => _limits;
        init
        {
            _limits = value;
            (_turns, _throttle) = (new(value.AtOnce), new(value, _store.Options.Clock));
        }
    }

    /// <inheritdoc/>
    public string IncomingCopy(InstanceId instance) => _store.Layout.CaptureCopy(instance);

    /// <inheritdoc/>
    /// <remarks>The copy is removed however the call ends. A guest that made its disk look like an
    /// image in another format is refused with UnsafeImage.</remarks>
    public async Task<CapturedImage> CaptureAsync(
        CaptureRequest request, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        var what = $"disk {request.Disk.Name} of instance {request.Instance}: cannot be captured";
        var built = _store.Layout.CaptureBuild(request.Instance);
        var isTurn = false;
        var removals = _order.Begin();
        try
        {
            await _turns.WaitAsync(cancellationToken);
            isTurn = true;
            var pace = new Pace(_throttle, progress, cancellationToken);
            var bytes = await _store.RunAsync(
                what, () => Write(request, built, pace), cancellationToken);
            await _judge.JudgeAsync(built, bytes, what, cancellationToken);
            await removals.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return await _store.RunAsync(
                what, () => Publish(request, built, bytes, cancellationToken), cancellationToken);
        }
        catch (ImageInspectionException e)
        {
            throw PortException.Retryable(
                LaunchErrorCode.VolumeDriver, $"{what}: {e.Message}", e);
        }
        finally
        {
            _order.End();
            if (isTurn)
                _turns.Release();
            await _store.RunAsync(what, () => Clear(request, built), CancellationToken.None);
        }
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<HeldCapture>> ListCapturesAsync(CancellationToken cancellationToken) =>
        _store.RunAsync("cannot list the captured images", _shelf.List, cancellationToken);

    /// <inheritdoc/>
    /// <remarks>Who fetches one goes on reading it. A crash leaves it, or nothing of it after the
    /// next start.</remarks>
    public async Task RemoveAsync(
        IReadOnlyList<Digest> digests, CancellationToken cancellationToken)
    {
        var isTurn = _order.TryRemove(
            () => _store.RunAsync(
                "captured images cannot be removed",
                () => Remove(digests, cancellationToken),
                cancellationToken),
            out var removal);
        if (!isTurn)
        {
            throw PortException.Retryable(
                LaunchErrorCode.InvalidRequest,
                "captured images are not removed while another is being made, which may have the "
                    + "same bytes; try again when that has ended");
        }

        await removal;
    }

    /// <summary>Opens an image that was made here, for reading; null: there is none.</summary>
    public Task<Stream?> OpenAsync(Digest digest, CancellationToken cancellationToken) =>
        _store.RunAsync<Stream?>(
            $"captured image {digest}: cannot be read",
            () => _shelf.Find(digest) is null
                ? null
                : new FileStream(
                    _store.Files.OpenToRead(_store.Layout.Capture(digest)),
                    FileAccess.Read,
                    bufferSize: 0),
            cancellationToken);

    /// <returns>The size of the disk.</returns>
    private long Write(CaptureRequest request, string built, Pace pace)
    {
        using var source = CaptureSource.Open(_store, request);
        var size = source.View.SizeBytes;
        if (size > Qcow2Overlay.MaxVirtualBytes)
        {
            throw PortException.Final(
                LaunchErrorCode.InvalidRequest,
                $"disk {request.Disk.Name} of instance {request.Instance} has {size} bytes, and an "
                    + $"image at most {Qcow2Overlay.MaxVirtualBytes}; no image was made");
        }

        var files = _store.Files;
        files.Delete(built);
        using var file = files.Create(built);
        var image = new Qcow2Writer(files, (file, built), size, backingFile: null);
        using (var scan = new DiskScan(source.View, basis: null, image))
            scan.Run(size, (at, read) => pace.Advance(source.Lease, at, read));
        image.Finish();
        source.Lease.Check();
        files.SetMode(built, StoreFiles.ReadOnlyFile);
        files.Sync(file, built);
        return size;
    }

    private CapturedImage Publish(
        CaptureRequest request, string built, long virtualBytes, CancellationToken token)
    {
        var digest = _shelf.DigestOf(built, token);
        StoreFiles.TryStat(built, out var stat);
        var record = _shelf.Publish(built, new CaptureRecord(
            digest,
            stat.Size,
            virtualBytes,
            request.Instance,
            request.Disk.Name,
            _store.Options.Clock.GetUtcNow())
        {
            Cluster = request.Cluster,
        });
        return new CapturedImage(
            SourceOf(digest), digest, DiskFormat.Qcow2, record.SizeBytes, virtualBytes);
    }

    private Uri SourceOf(Digest digest)
    {
        var file = new Uri(_address, $"{Route}/{digest}");
        return new UriBuilder(file) { Scheme = $"peer+{file.Scheme}", Port = file.Port }.Uri;
    }

    private void Remove(IReadOnlyList<Digest> digests, CancellationToken token)
    {
        foreach (var digest in digests)
        {
            token.ThrowIfCancellationRequested();
            _shelf.Remove(digest);
        }
    }

    private void Clear(CaptureRequest request, string built)
    {
        _store.TryDelete(built);
        if (request.Copy is not null)
            _store.TryDelete(_store.Layout.CaptureCopy(request.Instance));
    }
}
