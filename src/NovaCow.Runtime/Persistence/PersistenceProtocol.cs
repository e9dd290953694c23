using NovaCow.Runtime.Actors;

namespace NovaCow.Runtime.Persistence;

/// <summary>Which state a snapshot holds: that of a stream after one of its events.</summary>
public sealed record SnapshotMetadata(string PersistenceId, long SequenceNr);

/// <summary>The first thing a recovering actor gets when a snapshot of it was saved: the state to
/// start from. The later events follow.</summary>
public sealed record SnapshotOffer(SnapshotMetadata Metadata, object Snapshot);

/// <summary>The last thing a recovering actor gets: from now on it may persist. Commands follow.
/// </summary>
public sealed class RecoveryCompleted
{
    private RecoveryCompleted()
    {
    }

    public static RecoveryCompleted Instance { get; } = new();
}

/// <summary>The snapshot is durable. Told to the actor that saved it.</summary>
public sealed record SaveSnapshotSuccess(SnapshotMetadata Metadata)
    : INotInfluenceReceiveTimeout, IDeadLetterSuppression;

/// <summary>The snapshot was not saved; the older one, if there is one, stands.</summary>
public sealed record SaveSnapshotFailure(SnapshotMetadata Metadata, Exception Cause)
    : INotInfluenceReceiveTimeout, IDeadLetterSuppression;

/// <summary>The events up to that number are gone. Told to the actor that deleted them.</summary>
public sealed record DeleteMessagesSuccess(long ToSequenceNr)
    : INotInfluenceReceiveTimeout, IDeadLetterSuppression;

/// <summary>Not all of the events up to that number are gone.</summary>
public sealed record DeleteMessagesFailure(Exception Cause, long ToSequenceNr)
    : INotInfluenceReceiveTimeout, IDeadLetterSuppression;
