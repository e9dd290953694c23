namespace NovaCow.Runtime.Persistence;

/// <summary>
/// Where durable actors keep their events and snapshots, and where leadership is decided. What is
/// hard in distribution rests on the database engine behind it; the runtime only asks.
/// </summary>
/// <remarks>
/// Success means durable. Concurrent appends may share a transaction. Every write that carries a
/// <see cref="Fence"/> takes effect only while that leadership epoch is the newest, in the same
/// transaction; else it fails with <see cref="StoreFencedException"/> and changes nothing. Other
/// failures are <see cref="StoreException"/>s. Every call ends: a store that cannot reach its
/// engine fails within a bounded time. Safe for concurrent use by several processes.
/// </remarks>
public interface IStore : IAsyncDisposable
{
    /// <summary>
    /// Appends events: all of them or none. The first must follow the stream's highest sequence
    /// number, so a stream never has a gap.
    /// </summary>
    /// <exception cref="StoreConflictException">It does not follow it: somebody else writes the
    /// stream.</exception>
    Task AppendAsync(JournalAppend append, CancellationToken cancellationToken);

    /// <summary>The events of a stream from a sequence number on, in order.</summary>
    IAsyncEnumerable<JournalEvent> ReadAsync(
        string persistenceId, long fromSequenceNr, CancellationToken cancellationToken);

    /// <summary>
    /// The highest sequence number that the stream ever had, 0 for none. Deleting events does not
    /// lower it; a snapshot beyond it raises it.
    /// </summary>
    Task<long> ReadHighestSequenceNrAsync(
        string persistenceId, CancellationToken cancellationToken);

    /// <summary>Removes the events up to and including a sequence number.</summary>
    Task DeleteEventsAsync(
        string persistenceId, long toSequenceNr, Fence? fence, CancellationToken cancellationToken);

    /// <summary>
    /// Saves a snapshot; it replaces the older ones of its stream, and is itself dropped when the
    /// stream has a newer one.
    /// </summary>
    Task SaveSnapshotAsync(
        SnapshotRecord snapshot, Fence? fence, CancellationToken cancellationToken);

    /// <summary>The newest snapshot of a stream, if there is one.</summary>
    Task<SnapshotRecord?> LoadSnapshotAsync(
        string persistenceId, CancellationToken cancellationToken);

    /// <summary>
    /// Takes the lease when it is free or has expired, by the store's clock; renews it when the
    /// holder has it. Taking it raises its epoch by one; renewing it does not. A holder that let it
    /// expire takes it anew.
    /// </summary>
    /// <returns>The lease as it is now, whoever holds it.</returns>
    Task<Lease> AcquireLeaseAsync(LeaseRequest request, CancellationToken cancellationToken);

    /// <summary>The lease as it is now; null when it was never held.</summary>
    Task<Lease?> ReadLeaseAsync(string name, CancellationToken cancellationToken);

    /// <summary>Gives the lease up, so that another may take it at once. Only its holder can.
    /// </summary>
    Task ReleaseLeaseAsync(string name, string holder, CancellationToken cancellationToken);
}

/// <summary>Events to append to one stream.</summary>
/// <param name="PersistenceId">The stream.</param>
/// <param name="FirstSequenceNr">The first event's number; the others follow it.</param>
/// <param name="Events">Manifest and bytes of each, in order.</param>
/// <param name="Fence">The leadership under which this is written; null for none.</param>
public sealed record JournalAppend(
    string PersistenceId, long FirstSequenceNr, IReadOnlyList<StoredPayload> Events, Fence? Fence);

/// <summary>A serialized object.</summary>
/// <param name="Manifest">What it is, for the serializer.</param>
/// <param name="Bytes">The object itself.</param>
public readonly record struct StoredPayload(string Manifest, ReadOnlyMemory<byte> Bytes);

/// <summary>An event read back.</summary>
public readonly record struct JournalEvent(long SequenceNr, StoredPayload Payload);

/// <summary>A snapshot of the state after an event.</summary>
public sealed record SnapshotRecord(string PersistenceId, long SequenceNr, StoredPayload Payload);

/// <summary>A leadership epoch that a write depends on.</summary>
public readonly record struct Fence(string LeaseName, long Epoch);

/// <summary>A wish to hold a lease.</summary>
/// <param name="Name">The lease.</param>
/// <param name="Holder">Who asks: unique to one life of one process.</param>
/// <param name="Address">Where the holder can be reached, for those who look for it.</param>
/// <param name="TimeToLive">How long it is held without being renewed.</param>
public sealed record LeaseRequest(string Name, string Holder, string Address, TimeSpan TimeToLive);

/// <summary>A lease as the store knows it.</summary>
/// <param name="Name">The lease.</param>
/// <param name="Holder">Who holds it; empty when it was given up.</param>
/// <param name="Address">Where the holder can be reached.</param>
/// <param name="Epoch">How many times it was taken, from 1; never goes down.</param>
/// <param name="Remaining">Time until it expires, by the store's clock; 0 or less: it has.</param>
public sealed record Lease(
    string Name, string Holder, string Address, long Epoch, TimeSpan Remaining)
{
    /// <summary>Whether this holder has it now.</summary>
    public bool IsHeldBy(string holder) => Holder == holder && Remaining > TimeSpan.Zero;
}

/// <summary>The store failed; the message names the store, the cause and the remedy.</summary>
public class StoreException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>The write's leadership epoch is not the newest: its writer must step down.</summary>
public sealed class StoreFencedException(string message) : StoreException(message);

/// <summary>Another writer has written to the stream.</summary>
public sealed class StoreConflictException(string message) : StoreException(message);
