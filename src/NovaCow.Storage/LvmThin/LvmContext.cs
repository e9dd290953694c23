using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>What the parts of one lvm-thin driver share, and how their failures are told.</summary>
internal sealed record LvmContext(HostStore Host, LvmStore Store, Lvm Lvm, string StoreId)
{
    /// <summary>Less room than this after a tool failed says why it failed.</summary>
    private const long FullBelowBytes = 16 << 20;

    public LvmNames Names { get; } = new(StoreId);

    public LvmThinOptions Options => Lvm.Options;

    /// <summary>A volume's mark; null when it is not this store's.</summary>
    public VolumeMark? MarkOf(LogicalVolume volume) =>
        VolumeMark.TryParse(volume.Tags, StoreId, out var mark) && volume.Pool == Options.ThinPool
            ? mark
            : null;

    /// <summary>Runs what waits for a device or a file, away from the actors' threads.</summary>
    public Task<T> RunAsync<T>(string what, Func<T> work, CancellationToken token) =>
        Host.RunAsync(what, work, token);

    public Task RunAsync(string what, Action work, CancellationToken token) =>
        Host.RunAsync(what, work, token);

    /// <summary>Runs a step of the driver's, and tells what went wrong by what can be seen of the
    /// pool afterwards, never by what lvm says.</summary>
    /// <param name="what">What cannot be done, when it fails.</param>
    /// <param name="work">The step.</param>
    /// <param name="needsRoom">Whether a full pool can be the cause.</param>
    public async Task<T> ExplainAsync<T>(string what, Func<Task<T>> work, bool needsRoom = false)
    {
        try
        {
            return await work();
        }
        catch (Exception e) when (IsUnexplained(e))
        {
            throw await ExplainAsync(what, e, needsRoom);
        }
    }

    public Task ExplainAsync(string what, Func<Task> work) => ExplainAsync(
        what,
        async () =>
        {
            await work();
            return true;
        });

    /// <summary>Removes volumes that no record names. One that cannot be removed now is noted, and
    /// keeps no host from starting.</summary>
    public async Task RemoveLeftoversAsync(IEnumerable<LogicalVolume> volumes)
    {
        var names = new List<string>();
        foreach (var volume in volumes)
        {
            if (volume.IsOpen)
                Host.Note($"volume {volume.Name} is a leftover, and in use; it was left alone");
            else
                names.Add(volume.Name);
        }

        try
        {
            await Lvm.RemoveAsync(names);
        }
        catch (LvmFailedException e)
        {
            Host.Note(
                $"not all leftovers could be removed ({e.Message}); the next start tries again");
        }
    }

    private static bool IsUnexplained(Exception e) =>
        e is LvmFailedException or ToolFailedException or StoreIoException
            or PortException { InnerException: StoreIoException };

    private async Task<PortException> ExplainAsync(string what, Exception e, bool needsRoom)
    {
        var cause = (e as PortException)?.InnerException ?? e;
        if (cause is not LvmFailedException && Host.MeasureSpace().FreeBytes < FullBelowBytes)
            return StoreErrors.OutOfSpace(what, Host.Root, cause);
        if (needsRoom && await FindPoolAsync() is { } pool)
        {
            try
            {
                PoolChecks.Admit(what, pool, Options, newBytes: 0);
            }
            catch (PortException full)
            {
                return full;
            }
        }

        return cause is LvmFailedException
            ? PortException.Retryable(
                LaunchErrorCode.VolumeDriver,
                $"{what}: {cause.Message}; look at lvs -a {Options.VolumeGroup} and at the "
                    + "kernel's log",
                cause)
            : StoreErrors.From(cause, what, Host.Root);
    }

    private async Task<ThinPool?> FindPoolAsync()
    {
        try
        {
            return (await Lvm.ReportAsync()).Pool;
        }
        catch (LvmFailedException)
        {
            return null;
        }
    }
}
