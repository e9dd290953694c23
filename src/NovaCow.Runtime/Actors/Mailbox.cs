namespace NovaCow.Runtime.Actors;

/// <summary>A user message on its way: the node of the mailbox's list.</summary>
internal sealed class Envelope(object message, IActorRef? sender)
{
    public readonly object Message = message;
    public readonly IActorRef? Sender = sender;
    internal Envelope? Next;
}

/// <summary>
/// Many writers, one reader, no locks. Writers push on a stack with one compare-and-swap; the
/// reader takes the whole stack at once, turns it round and works it off. Whoever pushes on an idle
/// mailbox puts it on the thread pool, so it runs on one thread at a time.
/// </summary>
internal abstract class Mailbox : IThreadPoolWorkItem
{
    // The top of the stack when it is empty: null says idle, this says a run is scheduled.
    private static readonly Envelope Scheduled = new(new object(), null);

    private Envelope? _inbox;
    private SystemMessage? _systemInbox;

    // Only the running thread touches these: messages in order of arrival.
    private Envelope? _front;
    private Envelope? _back;
    private int _suspensions;
    private bool _awaiting;

    private volatile bool _closed;

    protected abstract int Throughput { get; }

    protected abstract ActivityCounter? Activity { get; }

    public bool IsClosed => _closed;

    /// <summary>User messages wait: the actor failed, or stops, or awaits its handler.</summary>
    protected bool IsSuspended => _suspensions > 0;

    protected bool IsAwaiting
    {
        get => _awaiting;
        set => _awaiting = value;
    }

    public bool HasSystemMessages => Volatile.Read(ref _systemInbox) is not null;

    /// <summary>User messages wait for the actor's journal.</summary>
    protected bool IsHeld { get; set; }

    private bool IsBlocked => (_suspensions > 0 || _awaiting || IsHeld) && !_closed;

    protected abstract void Invoke(Envelope envelope);

    protected abstract void InvokeSystem(SystemMessage message);

    protected abstract void Undeliverable(Envelope envelope);

    protected abstract void UndeliverableSystem(SystemMessage message);

    protected abstract void BeginRun();

    protected abstract void EndRun(int processed);

    public void Enqueue(object message, IActorRef? sender)
    {
        if (message is null)
            throw new InvalidMessageException();
        var envelope = new Envelope(message, sender);
        if (_closed)
        {
            Undeliverable(envelope);
            return;
        }

        var top = Volatile.Read(ref _inbox);
        while (true)
        {
            envelope.Next = ReferenceEquals(top, Scheduled) ? null : top;
            var seen = Interlocked.CompareExchange(ref _inbox, envelope, top);
            if (ReferenceEquals(seen, top))
                break;
            top = seen;
        }

        if (top is null)
            Schedule();
    }

    public void EnqueueSystem(SystemMessage message)
    {
        var top = Volatile.Read(ref _systemInbox);
        while (true)
        {
            message.Next = top;
            var seen = Interlocked.CompareExchange(ref _systemInbox, message, top);
            if (ReferenceEquals(seen, top))
                break;
            top = seen;
        }

        if (Interlocked.CompareExchange(ref _inbox, Scheduled, null) is null)
            Schedule();
    }

    void IThreadPoolWorkItem.Execute()
    {
        var processed = 0;
        BeginRun();
        while (true)
        {
            if (Volatile.Read(ref _systemInbox) is not null)
                RunSystemMessages();
            if (_closed)
                RejectAll();
            else if (!IsBlocked && (_front is not null || Refill()))
            {
                if (processed == Throughput)
                    break;
                processed++;
                Invoke(TakeFront());
                continue;
            }

            if (TryGoIdle())
            {
                // Another thread may be running this mailbox by now.
                EndRun(processed);
                Activity?.End();
                return;
            }
        }

        // More is waiting, but others had better have a turn first.
        EndRun(processed);
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    protected void SuspendMailbox() => _suspensions++;

    protected void ResumeMailbox()
    {
        if (_suspensions > 0)
            _suspensions--;
    }

    /// <summary>From now on every message, queued or new, is undeliverable.</summary>
    protected void CloseMailbox() => _closed = true;

    /// <summary>Puts messages, first to last, in front of everything that waits.</summary>
    protected void Prepend(IReadOnlyList<Envelope> envelopes)
    {
        for (var i = envelopes.Count - 1; i >= 0; i--)
        {
            var envelope = envelopes[i];
            envelope.Next = _front;
            _front = envelope;
            _back ??= envelope;
        }
    }

    /// <summary>How many user messages wait: a glimpse for telemetry, capped and never exact.
    /// </summary>
    internal int CountWaiting(int limit)
    {
        var count = 0;
        for (var e = Volatile.Read(ref _front); e is not null && count < limit; e = e.Next)
            count++;
        for (var e = Volatile.Read(ref _inbox); e is not null && count < limit; e = e.Next)
        {
            if (!ReferenceEquals(e, Scheduled))
                count++;
        }

        return count;
    }

    private void Schedule()
    {
        Activity?.Begin();
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    private Envelope TakeFront()
    {
        var envelope = _front!;
        _front = envelope.Next;
        if (_front is null)
            _back = null;
        envelope.Next = null;
        return envelope;
    }

    /// <summary>Moves what writers pushed behind what is already in order.</summary>
    private bool Refill()
    {
        if (ReferenceEquals(Volatile.Read(ref _inbox), Scheduled))
            return false;
        var newest = Interlocked.Exchange(ref _inbox, Scheduled);
        if (newest is null || ReferenceEquals(newest, Scheduled))
            return false;
        Envelope? oldest = null;
        for (var e = newest; e is not null;)
        {
            var next = e.Next;
            e.Next = oldest;
            oldest = e;
            e = next;
        }

        if (_back is null)
            _front = oldest;
        else
            _back.Next = oldest;
        _back = newest;
        return true;
    }

    /// <summary>Ends the run unless something came meanwhile. Messages that must wait for a
    /// suspended actor are taken in, for only an empty stack can be idle.</summary>
    private bool TryGoIdle()
    {
        Refill();
        if (_front is not null && !IsBlocked)
            return false;
        var seen = Interlocked.CompareExchange(ref _inbox, null, Scheduled);
        if (!ReferenceEquals(seen, Scheduled))
            return false;
        // A writer of system messages pushes first and wakes second; we slept first and look
        // second: one of us sees the other.
        return Volatile.Read(ref _systemInbox) is null
            || Interlocked.CompareExchange(ref _inbox, Scheduled, null) is not null;
    }

    private void RunSystemMessages()
    {
        while (TakeSystemMessages() is { } message)
        {
            for (SystemMessage? next; message is not null; message = next)
            {
                next = message.Next;
                message.Next = null;
                if (_closed)
                    UndeliverableSystem(message);
                else
                    InvokeSystem(message);
            }
        }
    }

    private SystemMessage? TakeSystemMessages()
    {
        SystemMessage? oldest = null;
        for (var m = Interlocked.Exchange(ref _systemInbox, null); m is not null;)
        {
            var next = m.Next;
            m.Next = oldest;
            oldest = m;
            m = next;
        }

        return oldest;
    }

    private void RejectAll()
    {
        while (_front is not null || Refill())
            Undeliverable(TakeFront());
    }
}
