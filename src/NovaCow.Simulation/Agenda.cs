namespace NovaCow.Simulation;

/// <summary>Virtual time: what is due next, happens next; what is due at one time happens in the
/// order it was put down.</summary>
public sealed class Agenda
{
    private readonly PriorityQueue<Action, (long Ticks, long Order)> _due = new();
    private long _order;

    /// <summary>The time since the beginning.</summary>
    public TimeSpan Now { get; private set; }

    /// <summary>Puts down what happens at a time; one that is past is now.</summary>
    public void At(TimeSpan when, Action what) =>
        _due.Enqueue(what, (Math.Max(when.Ticks, Now.Ticks), _order++));

    /// <summary>Puts down what happens after so many seconds, rounded up.</summary>
    public void After(double seconds, Action what) => At(Now + Ceiling(seconds), what);

    /// <summary>Lets the next thing happen.</summary>
    /// <returns>False when there is nothing.</returns>
    public bool Step()
    {
        if (!_due.TryDequeue(out var what, out var at))
            return false;
        Now = new TimeSpan(at.Ticks);
        what();
        return true;
    }

    private static TimeSpan Ceiling(double seconds) =>
        new((long)Math.Ceiling(seconds * TimeSpan.TicksPerSecond));
}
