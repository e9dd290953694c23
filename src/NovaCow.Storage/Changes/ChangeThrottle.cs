namespace NovaCow.Storage;

/// <summary>Keeps the changes of one driver together below its rate. A change waits after each
/// piece until that is paid for, so that none runs ahead.</summary>
internal sealed class ChangeThrottle(ChangeLimits limits, TimeProvider clock)
{
    private readonly Lock _gate = new();
    private readonly long _start = clock.GetTimestamp();
    private TimeSpan _paidUntil;

    /// <exception cref="OperationCanceledException">The wait was given up.</exception>
    public void Pay(long bytes, CancellationToken token)
    {
        if (limits.BytesPerSecond is not { } rate || bytes == 0)
            return;
        TimeSpan wait;
        lock (_gate)
        {
            var now = clock.GetElapsedTime(_start);
            var from = _paidUntil > now ? _paidUntil : now;
            _paidUntil = from + TimeSpan.FromSeconds((double)bytes / rate);
            wait = _paidUntil - now;
        }

        token.WaitHandle.WaitOne(wait);
        token.ThrowIfCancellationRequested();
    }
}
