using NovaCow.Runtime.Actors;

namespace NovaCow.Runtime.Persistence;

/// <summary>Recovery, snapshots and deletion.</summary>
public abstract partial class Eventsourced
{
    /// <summary>Events that are replayed on one turn; between turns the actor can be stopped.
    /// </summary>
    private const int ReplayPage = 500;

    private bool _recoveryFailed;

    /// <summary>Handles what is replayed: <see cref="SnapshotOffer"/>, events and
    /// <see cref="RecoveryCompleted"/>; false when there is no handler.</summary>
    protected abstract bool ReceiveRecover(object message);

    /// <summary>The past cannot be read or applied. The actor is stopped afterwards. The default
    /// logs it.</summary>
    /// <param name="cause">What failed.</param>
    /// <param name="message">The event or snapshot that failed; null when reading failed.</param>
    protected virtual void OnRecoveryFailure(Exception cause, object? message = null) =>
        Context.GetLogger().Error(
            cause,
            "{PersistenceId}: recovery failed after event {SequenceNr} at {Message}: {Cause}; the "
            + "actor stops",
            PersistenceId,
            LastSequenceNr,
            message?.GetType().Name ?? "the store",
            cause.Message);

    /// <summary>Saves the state as of <see cref="LastSequenceNr"/>. The actor is told
    /// <see cref="SaveSnapshotSuccess"/> or <see cref="SaveSnapshotFailure"/>.</summary>
    /// <remarks>It is serialized before this returns, so the state may change afterwards.</remarks>
    protected void SaveSnapshot(object snapshot)
    {
        var metadata = new SnapshotMetadata(PersistenceId, LastSequenceNr);
        try
        {
            var record = new SnapshotRecord(PersistenceId, LastSequenceNr, Serialize(snapshot));
            TellOutcome(
                Extension.Store.SaveSnapshotAsync(record, Fence, CancellationToken.None),
                new SaveSnapshotSuccess(metadata),
                cause => new SaveSnapshotFailure(metadata, cause));
        }
        catch (Exception cause) when (cause is not OutOfMemoryException)
        {
            Self.Tell(new SaveSnapshotFailure(metadata, cause), Self);
        }
    }

    /// <summary>Saves a state that is too large for one value, as of <see cref="LastSequenceNr"/>:
    /// in parts, which the actor is offered one after the other when it recovers. It is told
    /// <see cref="SaveSnapshotSuccess"/> or <see cref="SaveSnapshotFailure"/>; until then it must
    /// not save again.</summary>
    /// <param name="parts">Gone through and serialized beside the actor: what they are made of must
    /// not change.</param>
    protected void SaveSnapshotInParts(IEnumerable<object> parts)
    {
        var metadata = new SnapshotMetadata(PersistenceId, LastSequenceNr);
        TellOutcome(
            Extension.SaveAsync(metadata, parts, Fence),
            new SaveSnapshotSuccess(metadata),
            cause => new SaveSnapshotFailure(metadata, cause));
    }

    /// <summary>Deletes the events up to a number, which a snapshot should hold. The actor is told
    /// <see cref="DeleteMessagesSuccess"/> or <see cref="DeleteMessagesFailure"/>.</summary>
    /// <param name="toSequenceNr">At most <see cref="LastSequenceNr"/>; the largest number stands
    /// for that.</param>
    protected void DeleteMessages(long toSequenceNr)
    {
        var last = toSequenceNr == long.MaxValue ? LastSequenceNr : toSequenceNr;
        if (last > LastSequenceNr)
        {
            var cause = new ArgumentOutOfRangeException(
                nameof(toSequenceNr),
                $"{PersistenceId} is at {LastSequenceNr}: it cannot delete up to {toSequenceNr}");
            Self.Tell(new DeleteMessagesFailure(cause, toSequenceNr), Self);
            return;
        }

        TellOutcome(
            Extension.Store.DeleteEventsAsync(PersistenceId, last, Fence, CancellationToken.None),
            new DeleteMessagesSuccess(last),
            cause => new DeleteMessagesFailure(cause, last));
    }

    protected internal override void AroundPreStart()
    {
        StartRecovery();
        base.AroundPreStart();
    }

    protected internal override void AroundPostRestart(Exception cause)
    {
        StartRecovery();
        base.AroundPostRestart(cause);
    }

    private void TellOutcome(Task work, object success, Func<Exception, object> failure) =>
        _ = TellOutcomeAsync(Self, work, success, failure);

    private static async Task TellOutcomeAsync(
        IActorRef self, Task work, object success, Func<Exception, object> failure)
    {
        try
        {
            await work.ConfigureAwait(false);
            self.Tell(success, self);
        }
        catch (Exception cause)
        {
            self.Tell(failure(cause), self);
        }
    }

    private void StartRecovery()
    {
        if (string.IsNullOrEmpty(PersistenceId))
        {
            throw new InvalidOperationException(
                $"{GetType().Name} has no PersistenceId: give it the name of its stream");
        }

        IsRecovering = true;
        Cell!.HoldsCommands = true;
        var (cell, extension) = (Cell, Extension);
        _ = Task.Run(() => RecoverAsync(cell, extension));
    }

    private async Task RecoverAsync(ActorCell cell, PersistenceExtension extension)
    {
        using var permit = await extension.BeginRecoveryAsync(PersistenceId).ConfigureAwait(false);
        try
        {
            await ReplayAsync(cell, extension).ConfigureAwait(false);
        }
        catch (Exception cause)
        {
            await OnTurnAsync(cell, () => FailRecovery(cause, null)).ConfigureAwait(false);
        }
    }

    /// <summary>Reads and deserializes beside the actor, which applies the page before meanwhile,
    /// on its turn.</summary>
    private async Task ReplayAsync(ActorCell cell, PersistenceExtension extension)
    {
        var store = extension.Store;
        var from = 1L;
        var applied = Task.FromResult(true);
        if (await store.LoadSnapshotAsync(PersistenceId, CancellationToken.None)
            .ConfigureAwait(false) is { } record)
        {
            from = record.SequenceNr + 1;
            var metadata = new SnapshotMetadata(PersistenceId, record.SequenceNr);
            await foreach (var part in SnapshotParts.ReadAsync(extension, record)
                .ConfigureAwait(false))
            {
                if (!await applied.ConfigureAwait(false))
                    return;
                var offer = new SnapshotOffer(metadata, part);
                applied = ReplayAsync(cell, [(record.SequenceNr, offer)]);
            }
        }

        var page = new List<(long, object)>(ReplayPage);
        await foreach (var stored in store.ReadAsync(PersistenceId, from, CancellationToken.None)
            .ConfigureAwait(false))
        {
            page.Add((stored.SequenceNr, Deserialize(extension, stored.Payload)));
            if (page.Count < ReplayPage)
                continue;
            if (!await applied.ConfigureAwait(false))
                return;
            applied = ReplayAsync(cell, page);
            page = new(ReplayPage);
        }

        var highest = await store.ReadHighestSequenceNrAsync(PersistenceId, CancellationToken.None)
            .ConfigureAwait(false);
        if (await applied.ConfigureAwait(false)
            && await ReplayAsync(cell, page).ConfigureAwait(false))
        {
            await OnTurnAsync(cell, () => CompleteRecovery(highest)).ConfigureAwait(false);
        }
    }

    private Task<bool> ReplayAsync(ActorCell cell, List<(long, object)> page) =>
        OnTurnAsync(cell, () => Replay(page));

    private static object Deserialize(PersistenceExtension extension, StoredPayload payload) =>
        extension.Serializer.Deserialize(payload.Manifest, payload.Bytes.Span);

    /// <summary>Does the work on the actor's turn.</summary>
    /// <returns>Whether to go on: false when recovery has failed, or this instance is gone.
    /// </returns>
    private Task<bool> OnTurnAsync(ActorCell cell, Action work)
    {
        var done = new TaskCompletionSource<bool>(
            TaskCreationOptions.RunContinuationsAsynchronously);
        cell.EnqueueSystem(new Turn(
            this,
            () =>
            {
                try
                {
                    work();
                }
                finally
                {
                    done.SetResult(!_recoveryFailed);
                }
            },
            dropped: () => done.SetResult(false)));
        return done.Task;
    }

    private void Replay(IReadOnlyList<(long SequenceNr, object Message)> page)
    {
        foreach (var (sequenceNr, message) in page)
        {
            try
            {
                LastSequenceNr = sequenceNr;
                ReplayOne(message);
            }
            catch (Exception cause)
            {
                FailRecovery(cause, message);
                return;
            }
        }
    }

    private void ReplayOne(object message)
    {
        if (ReceiveRecover(message))
            return;
        if (message is SnapshotOffer)
        {
            throw new InvalidOperationException(
                $"{GetType().Name} has a snapshot in the store but no Recover<SnapshotOffer>");
        }

        Unhandled(message);
    }

    private void CompleteRecovery(long highestSequenceNr)
    {
        LastSequenceNr = Math.Max(LastSequenceNr, highestSequenceNr);
        _assigned = _sent = _written = LastSequenceNr;
        IsRecovering = false;
        try
        {
            ReceiveRecover(RecoveryCompleted.Instance);
        }
        finally
        {
            HoldCommandsIfNeeded();
            Flush();
        }
    }

    private void FailRecovery(Exception cause, object? message)
    {
        _recoveryFailed = true;
        Context.Stop(Self);
        OnRecoveryFailure(cause, message);
    }
}
