namespace NovaCow.Storage;

/// <summary>Puts what is removed before what is published later, though both may be of the same
/// bytes: what a capture publishes waits for removals that were asked for before it began, and
/// nothing is removed while one is under way.</summary>
internal sealed class CaptureOrder
{
    private readonly Lock _lock = new();
    private Task _removals = Task.CompletedTask;
    private int _captures;

    /// <summary>A capture begins.</summary>
    /// <returns>What must be over before it publishes; it may fail.</returns>
    public Task Begin()
    {
        lock (_lock)
        {
            _captures++;
            return _removals;
        }
    }

    /// <summary>A capture is over.</summary>
    public void End()
    {
        lock (_lock)
            _captures--;
    }

    /// <summary>Has something removed, unless a capture is under way.</summary>
    /// <param name="remove">Begins the removal; it is called at once.</param>
    /// <param name="removal">The removal.</param>
    public bool TryRemove(Func<Task> remove, out Task removal)
    {
        lock (_lock)
        {
            removal = _captures > 0 ? Task.CompletedTask : remove();
            if (_captures > 0)
                return false;
            _removals = _removals.IsCompleted ? removal : Task.WhenAll(_removals, removal);
            return true;
        }
    }
}
