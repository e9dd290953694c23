using System.Buffers;
using NovaCow.Runtime.Actors;

namespace NovaCow.Runtime.Persistence;

/// <summary>
/// An actor whose state is what its events made of it. It owns its stream in the store: it writes
/// events, then changes its state in their handlers, and after a restart gets them again. A write
/// that fails stops it, so no state is ever seen that the journal lacks.
/// </summary>
/// <remarks>
/// While an actor recovers, and between <see cref="Persist"/> and its handler, commands wait in the
/// mailbox in the order they came; so does a PoisonPill, which is therefore safe here.
/// <c>Context.Stop</c> is not: it ends the actor at once, with handlers still to run. Events and
/// snapshots need a manifest in the system's <see cref="PersistenceExtension.Serializer"/>.
/// </remarks>
public abstract partial class Eventsourced : ActorBase
{
    /// <summary>Events that one append carries, but for a larger PersistAll.</summary>
    private const int BatchLimit = 1_000;

    /// <summary>Events that await their handlers before commands are held back.</summary>
    private const int PendingLimit = 10_000;

    /// <summary>Persisted and deferred, in order, until their handlers have run.</summary>
    private readonly Queue<Invocation> _pending = new();

    /// <summary>What is to be written: each element belongs into one append.</summary>
    private readonly Queue<List<StoredPayload>> _unsent = new();

    private readonly ArrayBufferWriter<byte> _buffer = new();

    private PersistenceExtension? _extension;
    private long _assigned;
    private long _sent;
    private long _written;
    private int _holding;
    private bool _isWriting;

    /// <summary>The stream's name: the same in every life of this actor, and of no other actor at
    /// the same time.</summary>
    public abstract string PersistenceId { get; }

    /// <summary>The number of the event that was handled last.</summary>
    public long LastSequenceNr { get; private set; }

    /// <summary>Whether the past is still being replayed.</summary>
    public bool IsRecovering { get; private set; } = true;

    /// <summary>The leadership under which this actor writes; null when it needs none. Asked for
    /// each write, on the actor's turn.</summary>
    protected virtual Fence? Fence => null;

    private PersistenceExtension Extension =>
        _extension ??= PersistenceExtension.For(Context.System);

    /// <summary>Writes an event and then runs its handler, with the present sender and before the
    /// next command. State changes belong into the handler.</summary>
    protected void Persist<TEvent>(TEvent @event, Action<TEvent> handler)
        where TEvent : notnull => Enqueue([@event], handler, holds: true);

    /// <summary>As <see cref="Persist"/>; commands go on while the event is written.</summary>
    protected void PersistAsync<TEvent>(TEvent @event, Action<TEvent> handler)
        where TEvent : notnull => Enqueue([@event], handler, holds: false);

    /// <summary>Writes all of the events or none, and then runs the handler for each.</summary>
    protected void PersistAll<TEvent>(IEnumerable<TEvent> events, Action<TEvent> handler)
        where TEvent : notnull => Enqueue(events.ToList(), handler, holds: true);

    protected void PersistAllAsync<TEvent>(IEnumerable<TEvent> events, Action<TEvent> handler)
        where TEvent : notnull => Enqueue(events.ToList(), handler, holds: false);

    /// <summary>Runs a handler after those of all events persisted before, at once if there are
    /// none, without writing anything. It does not run when one of those writes fails.</summary>
    protected void DeferAsync<TEvent>(TEvent @event, Action<TEvent> handler)
        where TEvent : notnull => Enqueue(@event, handler, holds: false);

    /// <summary>As <see cref="DeferAsync"/>; commands wait until it has run.</summary>
    protected void Defer<TEvent>(TEvent @event, Action<TEvent> handler)
        where TEvent : notnull => Enqueue(@event, handler, holds: true);

    /// <summary>The outcome of a write is bad or unknown. The actor is stopped afterwards: its next
    /// life recovers what the store has. The default logs it.</summary>
    protected virtual void OnPersistFailure(Exception cause, object @event, long sequenceNr) =>
        Context.GetLogger().Error(
            cause,
            "{PersistenceId}: {Event} was not persisted as event {SequenceNr}; the actor stops",
            PersistenceId,
            @event.GetType().Name,
            sequenceNr);

    /// <summary>The event cannot be serialized, so nothing was written and its handler does not
    /// run; the actor goes on. The default logs it.</summary>
    protected virtual void OnPersistRejected(Exception cause, object @event, long sequenceNr) =>
        Context.GetLogger().Error(
            cause,
            "{PersistenceId}: {Event} was rejected as event {SequenceNr}: {Cause}",
            PersistenceId,
            @event.GetType().Name,
            sequenceNr,
            cause.Message);

    protected override void Unhandled(object message)
    {
        // Who does not ask how its housekeeping went need not say so.
        if (message is SaveSnapshotSuccess or SaveSnapshotFailure
            or DeleteMessagesSuccess or DeleteMessagesFailure)
        {
            return;
        }

        base.Unhandled(message);
    }

    protected internal override bool AroundReceive(Receive receive, object message)
    {
        try
        {
            return base.AroundReceive(receive, message);
        }
        finally
        {
            // Also when the command failed: what it persisted before, it persisted.
            Flush();
        }
    }

    private void Enqueue<TEvent>(List<TEvent> events, Action<TEvent> handler, bool holds)
        where TEvent : notnull
    {
        ArgumentNullException.ThrowIfNull(handler);
        ThrowIfRecovering();
        if (events.Count == 0)
            return;
        var rejection = TrySerialize(events);
        foreach (var @event in events)
        {
            if (rejection is null)
            {
                Add(new(@event, ++_assigned, holds, Cell!.CurrentEnvelope, () => handler(@event)));
                continue;
            }

            var sequenceNr = _assigned + 1;
            Add(new(@event, 0, holds, Cell!.CurrentEnvelope, () =>
                OnPersistRejected(rejection, @event, sequenceNr)));
        }

        // After an await nobody comes by to do it.
        if (Cell!.IsInsideHandler)
            Flush();
    }

    private void Enqueue<TEvent>(TEvent @event, Action<TEvent> handler, bool holds)
        where TEvent : notnull
    {
        ArgumentNullException.ThrowIfNull(handler);
        ThrowIfRecovering();
        if (_pending.Count == 0)
            handler(@event);
        else
            Add(new(@event, 0, holds, Cell!.CurrentEnvelope, () => handler(@event)));
    }

    private void ThrowIfRecovering()
    {
        if (IsRecovering)
        {
            throw new InvalidOperationException(
                $"{PersistenceId} cannot persist while it recovers: do it when it gets "
                + "RecoveryCompleted, or later");
        }
    }

    private void Add(Invocation invocation)
    {
        _pending.Enqueue(invocation);
        if (invocation.Holds)
            _holding++;
        HoldCommandsIfNeeded();
    }

    private void HoldCommandsIfNeeded() =>
        Cell!.HoldsCommands = _holding > 0 || _pending.Count >= PendingLimit;

    /// <summary>Serialized on the spot, so that later changes of the object stay out.</summary>
    private Exception? TrySerialize<TEvent>(List<TEvent> events)
        where TEvent : notnull
    {
        try
        {
            _unsent.Enqueue(events.ConvertAll(e => Serialize(e)));
            return null;
        }
        catch (Exception cause) when (cause is not OutOfMemoryException)
        {
            return cause;
        }
    }

    private StoredPayload Serialize(object value)
    {
        _buffer.ResetWrittenCount();
        var manifest = Extension.Serializer.Serialize(value, _buffer);
        return new(manifest, _buffer.WrittenSpan.ToArray());
    }

    /// <summary>Starts the next write unless one is under way: what gathers meanwhile is one write
    /// then.</summary>
    private void Flush()
    {
        if (_pending.TryPeek(out var next) && next.SequenceNr <= _written)
            Cell!.EnqueueSystem(new Turn(this, RunHandlers));
        if (_isWriting || _unsent.Count == 0)
            return;
        var events = _unsent.Dequeue();
        while (_unsent.TryPeek(out var more) && events.Count + more.Count <= BatchLimit)
            events.AddRange(_unsent.Dequeue());
        _isWriting = true;
        _ = WriteAsync(Cell!, new(PersistenceId, _sent + 1, events, Fence));
        _sent += events.Count;
    }

    private async Task WriteAsync(ActorCell cell, JournalAppend append)
    {
        Exception? failure = null;
        try
        {
            await Extension.AppendAsync(append).ConfigureAwait(false);
        }
        catch (Exception cause)
        {
            failure = cause;
        }

        var last = append.FirstSequenceNr + append.Events.Count - 1;
        cell.EnqueueSystem(new Turn(this, () => OnWritten(last, failure)));
    }

    private void OnWritten(long lastSequenceNr, Exception? failure)
    {
        _isWriting = false;
        if (failure is null)
        {
            _written = lastSequenceNr;
            RunHandlers();
        }
        else
        {
            StopAfter(failure);
        }
    }

    private void RunHandlers()
    {
        try
        {
            // What comes between two commands comes between two handlers also: a stop, say.
            while (!Cell!.HasSystemMessages && !Cell.IsInsideHandler
                && _pending.TryPeek(out var next) && next.SequenceNr <= _written)
            {
                _pending.Dequeue();
                if (next.SequenceNr > 0)
                    LastSequenceNr = next.SequenceNr;
                if (next.Holds)
                    _holding--;
                Cell.RunAs(next.Command, next.Run);
            }
        }
        finally
        {
            HoldCommandsIfNeeded();
            Flush();
        }
    }

    private void StopAfter(Exception failure)
    {
        // Until the stop gets through no command may see a state that was not to be.
        Cell!.HoldsCommands = true;
        var first = _pending.First(i => i.SequenceNr > _written);
        _pending.Clear();
        _unsent.Clear();
        Context.Stop(Self);
        Cell.RunAs(
            first.Command, () => OnPersistFailure(failure, first.Event, first.SequenceNr));
    }

    /// <param name="Event">What was persisted or deferred.</param>
    /// <param name="SequenceNr">Its number; 0 when it is not in the journal.</param>
    /// <param name="Holds">Whether commands wait for it.</param>
    /// <param name="Command">The message it came from, for its sender.</param>
    /// <param name="Run">The handler.</param>
    private sealed record Invocation(
        object Event, long SequenceNr, bool Holds, Envelope? Command, Action Run);
}
