using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>Disks that go to other hosts, and come from them.</summary>
public abstract partial class FileVolumeDriver : ITransfersDisks
{
    private const int TransferTries = 3;
    private static readonly TimeSpan s_transferPause = TimeSpan.FromSeconds(1);

    // Apart from the turns of what goes: two hosts that send to each other must not wait for each
    // other.
    private readonly SemaphoreSlim _arriving = new(new ChangeLimits().AtOnce);

    /// <summary>Fetches disks of other hosts; null: none are taken in.</summary>
    public ITransferClient? TransferClient { get; init; }

    /// <summary>The stores of other hosts that this one can read when those are dead; null: none.
    /// </summary>
    public SharedStores? SharedStores { get; init; }

    /// <inheritdoc/>
    /// <remarks>As many at a time, and as fast, as changes of disks.</remarks>
    public Task ExportAsync(
        InstanceId instance, InstanceDisk disk, Stream into, CancellationToken cancellationToken) =>
        _changes.RunAsync(
            $"disk {disk.Name} of instance {instance}: cannot be sent",
            () =>
            {
                _changes.Transfers.Export(instance, disk, into, cancellationToken);
                return true;
            },
            isShort: false,
            cancellationToken);

    private Task<Ensured<InstanceDisk>> TakeOverAsync(
        CloneRequest request, IProgress<long>? progress, CancellationToken token) =>
        SharedStores is { } shared
            ? _changes.TakeOverAsync(request, shared, progress, token)
            : throw PortException.Final(
                LaunchErrorCode.InvalidRequest,
                $"disk {request.Disk} of instance {request.Instance}: this host shares no store "
                    + $"with others; say where in {SharedStores.Key}");

    private async Task<Ensured<InstanceDisk>> ImportAsync(
        CloneRequest request, IProgress<long>? progress, CancellationToken token)
    {
        var what = $"disk {request.Disk} of instance {request.Instance}: cannot be taken in from "
            + $"{request.Transfer!.Source}";
        var client = TransferClient ?? throw PortException.Final(
            LaunchErrorCode.InvalidRequest, $"{what}: this host takes in no disks");
        var found = await _store.RunAsync(what, () => _changes.Transfers.Find(request), token);
        if (found is not null)
            return new Ensured<InstanceDisk>(found, Created: false);
        for (var tried = 1; ; tried++)
        {
            try
            {
                return new Ensured<InstanceDisk>(
                    await ImportAsync(client, what, (request, progress), token), Created: true);
            }
            catch (TransferException) when (token.IsCancellationRequested)
            {
                throw new OperationCanceledException(token);
            }
            catch (TransferException e) when (tried == TransferTries)
            {
                throw PortException.Retryable(
                    LaunchErrorCode.VolumeDriver, $"{what}: {e.Message} ({tried} tries)", e);
            }
            catch (TransferException)
            {
                await Task.Delay(s_transferPause * tried, _store.Options.Clock, token);
            }
        }
    }

    private async Task<InstanceDisk> ImportAsync(
        ITransferClient client,
        string what,
        (CloneRequest Request, IProgress<long>? Progress) import,
        CancellationToken token)
    {
        await _arriving.WaitAsync(token);
        try
        {
            await using var stream = await client.OpenAsync(
                import.Request.Transfer!.Source, import.Request.Disk, token);

            // A read that waits for the network knows nothing of the token.
            await using var cancelled = token.Register(stream.Dispose);
            return await _store.RunAsync(
                what,
                () => _changes.Transfers.Import(import.Request, stream, import.Progress, token),
                token);
        }
        finally
        {
            _arriving.Release();
        }
    }
}
