namespace NovaCow.Images;

/// <summary>
/// Cancels whatever waits on its token when nothing has happened for too long, or when the caller
/// cancels; tells the two apart. Armed from the start.
/// </summary>
internal sealed class StallWatch : IDisposable
{
    private readonly CancellationTokenSource _stall;
    private readonly CancellationTokenSource _either;
    private readonly TimeSpan _timeout;
    private readonly CancellationToken _caller;

    public StallWatch(TimeSpan timeout, TimeProvider time, CancellationToken caller)
    {
        _timeout = timeout;
        _caller = caller;
        _stall = new CancellationTokenSource(timeout, time);
        _either = CancellationTokenSource.CreateLinkedTokenSource(_stall.Token, caller);
    }

    public CancellationToken Token => _either.Token;

    /// <summary>Whether silence, not the caller, cancelled the token.</summary>
    public bool HasStalled => _stall.IsCancellationRequested && !_caller.IsCancellationRequested;

    /// <summary>Something happened: the wait begins anew.</summary>
    public void Rearm() => _stall.CancelAfter(_timeout);

    /// <summary>Nothing is being waited for.</summary>
    public void Disarm() => _stall.CancelAfter(Timeout.InfiniteTimeSpan);

    public void Dispose()
    {
        _either.Dispose();
        _stall.Dispose();
    }
}
