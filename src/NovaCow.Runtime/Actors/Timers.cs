namespace NovaCow.Runtime.Actors;

/// <summary>Timers by key that belong to one actor and end with it.</summary>
public interface ITimerScheduler
{
    /// <summary>Sends the message to the actor once; a timer of the same key is replaced.</summary>
    void StartSingleTimer(object key, object message, TimeSpan timeout);

    /// <summary>Sends the message again and again, first after one interval.</summary>
    void StartPeriodicTimer(object key, object message, TimeSpan interval);

    void StartPeriodicTimer(object key, object message, TimeSpan initialDelay, TimeSpan interval);

    bool IsTimerActive(object key);

    /// <summary>After this no message of the timer arrives, not even one that is queued.</summary>
    void Cancel(object key);

    void CancelAll();
}

/// <summary>An actor with timers. A restart and a stop cancel them.</summary>
public interface IWithTimers
{
    /// <summary>Set by the runtime before <c>PreStart</c>.</summary>
    ITimerScheduler Timers { get; set; }
}

/// <summary>What a timer queues: the cell turns it into the message, if the timer still stands.
/// </summary>
internal sealed record TimerFired(TimerScheduler Owner, object Key, long Generation)
    : IAutoReceivedMessage, IDeadLetterSuppression;

/// <summary>The timers of one instance of an actor, on the system's scheduler.</summary>
internal sealed class TimerScheduler(ActorCell cell) : ITimerScheduler
{
    private readonly Dictionary<object, ActiveTimer> _active = [];
    private long _generation;

    public void StartSingleTimer(object key, object message, TimeSpan timeout) =>
        Start(key, message, timeout, interval: null);

    public void StartPeriodicTimer(object key, object message, TimeSpan interval) =>
        Start(key, message, interval, interval);

    public void StartPeriodicTimer(
        object key, object message, TimeSpan initialDelay, TimeSpan interval) =>
        Start(key, message, initialDelay, interval);

    public bool IsTimerActive(object key) => _active.ContainsKey(key);

    public void Cancel(object key)
    {
        if (_active.Remove(key, out var timer))
            timer.Handle.Cancel();
    }

    public void CancelAll()
    {
        foreach (var timer in _active.Values)
            timer.Handle.Cancel();
        _active.Clear();
    }

    /// <summary>The message to deliver, or null when the timer was cancelled or replaced since.
    /// </summary>
    public object? Claim(TimerFired fired)
    {
        if (!ReferenceEquals(fired.Owner, this)
            || !_active.TryGetValue(fired.Key, out var timer)
            || timer.Generation != fired.Generation)
            return null;
        if (!timer.Repeats)
            _active.Remove(fired.Key);
        return timer.Message;
    }

    private void Start(object key, object message, TimeSpan delay, TimeSpan? interval)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(message);
        Cancel(key);
        var fired = new TimerFired(this, key, ++_generation);
        var scheduler = cell.System.Scheduler;
        var handle = interval is { } period
            ? scheduler.ScheduleTellRepeatedlyCancelable(delay, period, cell.Self, fired, null)
            : scheduler.ScheduleTellOnceCancelable(delay, cell.Self, fired, null);
        _active[key] = new ActiveTimer(message, _generation, interval is not null, handle);
    }

    private sealed record ActiveTimer(
        object Message, long Generation, bool Repeats, ICancelable Handle);
}
