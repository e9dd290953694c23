namespace NovaCow.Runtime.Actors;

internal sealed partial class ActorCell
{
    private IdleTimer? _receiveTimeout;
    private TimerScheduler? _timers;

    public TimeSpan? ReceiveTimeout => _receiveTimeout?.Timeout;

    public void SetReceiveTimeout(TimeSpan? timeout)
    {
        if (timeout <= TimeSpan.Zero)
        {
            throw new ArgumentOutOfRangeException(
                nameof(timeout), timeout, "a receive timeout is positive, or null for none");
        }

        _receiveTimeout?.Cancel();
        _receiveTimeout = timeout is { } span ? new IdleTimer(this, span) : null;
    }

    /// <summary>
    /// Measures how long an actor has had nothing to do. It keeps one timer and looks, when that
    /// goes off, whether it was in vain, so that a message costs a time stamp and no timer.
    /// </summary>
    private sealed class IdleTimer
    {
        private static readonly TimeSpan Never = global::System.Threading.Timeout.InfiniteTimeSpan;

        private readonly Lock _lock = new();
        private readonly ActorCell _cell;
        private readonly ITimer _timer;
        private long _idleSince;
        private bool _armed;
        private bool _busy;
        private bool _cancelled;

        public IdleTimer(ActorCell cell, TimeSpan timeout)
        {
            _cell = cell;
            Timeout = timeout;
            _idleSince = Time.GetTimestamp();
            _busy = cell._currentMessage is not null;
            _timer = Time.CreateTimer(
                static state => ((IdleTimer)state!).Elapsed(),
                this,
                Never,
                Never);
            if (!_busy)
                Arm();
        }

        public TimeSpan Timeout { get; }

        private TimeProvider Time => _cell._system.TimeProvider;

        public void BeginMessage()
        {
            lock (_lock)
                _busy = true;
        }

        public void EndMessage(object message)
        {
            lock (_lock)
            {
                _busy = false;
                if (message is not INotInfluenceReceiveTimeout)
                    _idleSince = Time.GetTimestamp();
                Arm();
            }
        }

        public void Restart()
        {
            lock (_lock)
            {
                _busy = false;
                _idleSince = Time.GetTimestamp();
                Arm();
            }
        }

        public void Cancel()
        {
            lock (_lock)
            {
                _cancelled = true;
                _timer.Dispose();
            }
        }

        private void Arm()
        {
            if (_armed || _cancelled)
                return;
            _armed = true;
            var left = Timeout - Time.GetElapsedTime(_idleSince);
            _timer.Change(left > TimeSpan.Zero ? left : TimeSpan.Zero, Never);
        }

        private void Elapsed()
        {
            lock (_lock)
            {
                _armed = false;
                if (_busy || _cancelled)
                    return;
                if (Time.GetElapsedTime(_idleSince) < Timeout)
                {
                    Arm();
                    return;
                }
            }

            _cell._self.Tell(Actors.ReceiveTimeout.Instance, _cell._self);
        }
    }
}
