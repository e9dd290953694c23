using System.Collections.Concurrent;

namespace NovaCow.Runtime.Actors;

/// <summary>Something that can be called off.</summary>
public interface ICancelable
{
    bool IsCancellationRequested { get; }

    void Cancel();
}

/// <summary>
/// Tells later, by the system's <see cref="TimeProvider"/>, so that virtual time moves it too. What
/// is pending is called off when the system terminates.
/// </summary>
public sealed class Scheduler
{
    private readonly ConcurrentDictionary<Entry, byte> _pending = new();
    private readonly TimeProvider _time;
    private volatile bool _closed;

    internal Scheduler(TimeProvider time) => _time = time;

    public DateTimeOffset Now => _time.GetUtcNow();

    internal int PendingCount => _pending.Count;

    public ICancelable ScheduleTellOnceCancelable(
        TimeSpan delay, ICanTell receiver, object message, IActorRef? sender) =>
        ScheduleOnceCancelable(delay, () => receiver.Tell(message, sender));

    public void ScheduleTellOnce(
        TimeSpan delay, ICanTell receiver, object message, IActorRef? sender) =>
        ScheduleTellOnceCancelable(delay, receiver, message, sender);

    public ICancelable ScheduleTellRepeatedlyCancelable(
        TimeSpan initialDelay,
        TimeSpan interval,
        ICanTell receiver,
        object message,
        IActorRef? sender) =>
        ScheduleRepeatedlyCancelable(
            initialDelay, interval, () => receiver.Tell(message, sender));

    public void ScheduleTellRepeatedly(
        TimeSpan initialDelay,
        TimeSpan interval,
        ICanTell receiver,
        object message,
        IActorRef? sender) =>
        ScheduleTellRepeatedlyCancelable(initialDelay, interval, receiver, message, sender);

    /// <summary>Runs a short action on the timer's thread: it must not touch an actor's state.
    /// </summary>
    public ICancelable ScheduleOnceCancelable(TimeSpan delay, Action action) =>
        Start(delay, null, action);

    public ICancelable ScheduleRepeatedlyCancelable(
        TimeSpan initialDelay, TimeSpan interval, Action action)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(interval, TimeSpan.Zero);
        return Start(initialDelay, interval, action);
    }

    internal void Close()
    {
        _closed = true;
        foreach (var entry in _pending.Keys)
            entry.Cancel();
    }

    private Entry Start(TimeSpan delay, TimeSpan? interval, Action action)
    {
        if (delay < TimeSpan.Zero)
            delay = TimeSpan.Zero;
        var entry = new Entry(this, action, interval is not null);
        _pending.TryAdd(entry, 0);
        entry.Arm(_time, delay, interval ?? Timeout.InfiniteTimeSpan);
        if (_closed)
            entry.Cancel();
        return entry;
    }

    private sealed class Entry(Scheduler owner, Action action, bool repeats) : ICancelable
    {
        private ITimer? _timer;
        private volatile bool _done;

        public bool IsCancellationRequested { get; private set; }

        public void Arm(TimeProvider time, TimeSpan delay, TimeSpan interval)
        {
            var timer = time.CreateTimer(
                static state => ((Entry)state!).Fire(), this, delay, interval);
            Volatile.Write(ref _timer, timer);
            if (_done)
                timer.Dispose();
        }

        public void Cancel()
        {
            IsCancellationRequested = true;
            Finish();
        }

        private void Fire()
        {
            if (_done)
                return;
            if (!repeats)
                Finish();
            action();
        }

        private void Finish()
        {
            _done = true;
            owner._pending.TryRemove(this, out _);
            Volatile.Read(ref _timer)?.Dispose();
        }
    }
}
