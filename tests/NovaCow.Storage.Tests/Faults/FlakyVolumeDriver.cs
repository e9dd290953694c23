using NovaCow.Core;

namespace NovaCow.Storage.Tests;

/// <summary>When in a call it goes wrong.</summary>
public enum FaultPoint
{
    /// <summary>Before the driver hears of it.</summary>
    Before,

    /// <summary>At a step that the driver takes on its disk.</summary>
    Middle,

    /// <summary>When the driver has succeeded, so that nobody hears of it.</summary>
    After,
}

/// <summary>How a call goes wrong.</summary>
public enum FaultKind
{
    /// <summary>It fails; in the middle the process dies, and nothing it tries has any effect.
    /// </summary>
    Fail,

    /// <summary>It is taken back; the driver may give up or go on to its end.</summary>
    Cancel,
}

/// <summary>What is to go wrong.</summary>
/// <param name="Method">The method whose next call it is.</param>
/// <param name="Point">When.</param>
/// <param name="Kind">How.</param>
/// <param name="Step">At which of the driver's steps, from 0, in the middle.</param>
internal sealed record FlakyFault(string Method, FaultPoint Point, FaultKind Kind, int Step = 0);

/// <summary>
/// A driver that does what another does, and lets one chosen call go wrong. What a driver's steps
/// are, its host says by <see cref="Step"/>.
/// </summary>
internal sealed class FlakyVolumeDriver(IVolumeDriver real) : IVolumeDriver
{
    private FlakyFault? _fault;
    private CancellationTokenSource? _running;

    public string Name => real.Name;

    /// <summary>The steps of the calls that were chosen.</summary>
    public int Steps { get; private set; }

    public void Arm(FlakyFault fault) => _fault = fault;

    /// <summary>Stands before each change to the disk.</summary>
    public void Step()
    {
        if (_running is not { } running || _fault is not { } fault)
            return;
        var isReached = Steps++ >= fault.Step && fault.Point == FaultPoint.Middle;
        if (isReached && fault.Kind == FaultKind.Cancel)
            running.Cancel();
        else if (isReached)
            throw new CrashException($"step {fault.Step} of {fault.Method}");
    }

    public Task<Ensured<BaseVolume>> EnsureBaseAsync(
        BaseContent content,
        string? imagePath,
        IProgress<long>? progress,
        CancellationToken cancellationToken) => CallAsync(
            nameof(EnsureBaseAsync),
            token => real.EnsureBaseAsync(content, imagePath, progress, token),
            cancellationToken);

    public Task<Ensured<InstanceDisk>> EnsureDiskAsync(
        CloneRequest request, IProgress<long>? progress, CancellationToken cancellationToken) =>
        CallAsync(
            nameof(EnsureDiskAsync),
            token => real.EnsureDiskAsync(request, progress, token),
            cancellationToken);

    public Task<InstanceDisk> ChangeDiskAsync(
        DiskChangeRequest request,
        IProgress<long>? progress,
        CancellationToken cancellationToken) => CallAsync(
            nameof(ChangeDiskAsync),
            token => real.ChangeDiskAsync(request, progress, token),
            cancellationToken);

    public Task DeleteDiskAsync(
        InstanceId instance, DiskName disk, CancellationToken cancellationToken) => CallAsync(
            nameof(DeleteDiskAsync),
            token => NothingAsync(real.DeleteDiskAsync(instance, disk, token)),
            cancellationToken);

    public Task DeleteBaseAsync(BaseKey key, CancellationToken cancellationToken) => CallAsync(
        nameof(DeleteBaseAsync),
        token => NothingAsync(real.DeleteBaseAsync(key, token)),
        cancellationToken);

    public Task<string?> VerifyBaseAsync(
        BaseKey key, IProgress<long>? progress, CancellationToken cancellationToken) => CallAsync(
            nameof(VerifyBaseAsync),
            token => real.VerifyBaseAsync(key, progress, token),
            cancellationToken);

    public Task<VolumeInventory> ListAsync(CancellationToken cancellationToken) =>
        CallAsync(nameof(ListAsync), real.ListAsync, cancellationToken);

    public Task<VolumeUsage> MeasureAsync(CancellationToken cancellationToken) =>
        CallAsync(nameof(MeasureAsync), real.MeasureAsync, cancellationToken);

    private async Task<T> CallAsync<T>(
        string method, Func<CancellationToken, Task<T>> call, CancellationToken token)
    {
        if (_fault is not { } fault || fault.Method != method)
            return await call(token);
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(token);
        if (fault.Point == FaultPoint.Before)
            await GoWrongAsync(fault, cancel);
        _running = cancel;
        try
        {
            var result = await call(cancel.Token);
            if (fault.Point == FaultPoint.After)
                await GoWrongAsync(fault, cancel);
            cancel.Token.ThrowIfCancellationRequested();
            return result;
        }
        finally
        {
            _running = null;
        }
    }

    private static async Task GoWrongAsync(FlakyFault fault, CancellationTokenSource cancel)
    {
        if (fault.Kind == FaultKind.Cancel)
            await cancel.CancelAsync();
        else
            throw PortException.Retryable(LaunchErrorCode.VolumeDriver, $"injected: {fault}");
    }

    private static async Task<bool> NothingAsync(Task call)
    {
        await call;
        return true;
    }
}
