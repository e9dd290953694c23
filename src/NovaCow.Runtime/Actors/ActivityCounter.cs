namespace NovaCow.Runtime.Actors;

/// <summary>
/// Counts mailboxes that are running or about to, so that a test can wait for quiet instead of for
/// time. Systems without one pay nothing.
/// </summary>
internal sealed class ActivityCounter
{
    private int _active;

    public bool IsIdle => Volatile.Read(ref _active) == 0;

    public void Begin() => Interlocked.Increment(ref _active);

    public void End() => Interlocked.Decrement(ref _active);
}
