namespace NovaCow.Runtime.TestKit;

/// <summary>
/// A clock that stands still until it is advanced. Timers fire in the order of their due times,
/// each
/// at its own instant, and between two instants the clock waits (in real time) until everything
/// they set off has come to rest, so that what a reaction schedules is part of the same advance.
/// It serves actor systems and anything else that takes a <see cref="TimeProvider"/>.
/// </summary>
public sealed class VirtualTimeProvider : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly PriorityQueue<(VirtualTimer Timer, long Version), (long Due, long Order)>
        _timers = new();

    private readonly long _start;
    private long _now;
    private long _order;

    public VirtualTimeProvider()
        : this(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero))
    {
    }

    public VirtualTimeProvider(DateTimeOffset start) => _now = _start = start.UtcTicks;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>Whether all that depends on this clock is at rest; the test kit adds its system.
    /// </summary>
    internal Quiescence Quiescence { get; } = new();

    public override DateTimeOffset GetUtcNow() => new(Volatile.Read(ref _now), TimeSpan.Zero);

    public override long GetTimestamp() => Volatile.Read(ref _now) - _start;

    /// <summary>Lets time pass. Blocks until all that it set off has come to rest.</summary>
    public void Advance(TimeSpan offset)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(offset, TimeSpan.Zero);
        Quiescence.Wait();
        var target = Volatile.Read(ref _now) + offset.Ticks;
        while (TakeDue(target) is { } timer)
        {
            timer.Fire();
            Quiescence.Wait();
        }

        Volatile.Write(ref _now, target);
        Quiescence.Wait();
    }

    public void AdvanceTo(DateTimeOffset when) => Advance(when - GetUtcNow());

    /// <summary>As <see cref="Advance"/>, without blocking the caller's thread.</summary>
    public Task AdvanceAsync(TimeSpan offset) => Task.Run(() => Advance(offset));

    public override ITimer CreateTimer(
        TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new VirtualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private VirtualTimer? TakeDue(long target)
    {
        lock (_lock)
        {
            while (_timers.TryPeek(out var entry, out var priority) && priority.Due <= target)
            {
                _timers.Dequeue();
                if (!entry.Timer.IsDue(entry.Version))
                    continue;
                Volatile.Write(ref _now, Math.Max(_now, priority.Due));
                entry.Timer.Claim();
                return entry.Timer;
            }

            return null;
        }
    }

    private sealed class VirtualTimer(
        VirtualTimeProvider owner, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period = Timeout.InfiniteTimeSpan;
        private long _version;
        private bool _disposed;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            long version;
            lock (owner._lock)
            {
                if (_disposed)
                    return false;
                version = ++_version;
                _period = period;
                if (dueTime != Timeout.InfiniteTimeSpan)
                    Enqueue(dueTime);
            }

            // What is due at once needs no advance.
            if (dueTime == TimeSpan.Zero)
                ThreadPool.UnsafeQueueUserWorkItem(_ => FireAtOnce(version), null);
            return true;
        }

        public bool IsDue(long version) => !_disposed && version == _version;

        /// <summary>Takes the timer off the queue, or puts it there for its next period.</summary>
        public void Claim()
        {
            _version++;
            if (_period > TimeSpan.Zero)
                Enqueue(_period);
        }

        public void Fire() => callback(state);

        public void Dispose()
        {
            lock (owner._lock)
                _disposed = true;
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void FireAtOnce(long version)
        {
            lock (owner._lock)
            {
                if (!IsDue(version))
                    return;
                Claim();
            }

            Fire();
        }

        private void Enqueue(TimeSpan delay) =>
            owner._timers.Enqueue((this, _version), (owner._now + delay.Ticks, owner._order++));
    }
}
