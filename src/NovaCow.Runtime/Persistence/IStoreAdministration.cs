namespace NovaCow.Runtime.Persistence;

/// <summary>
/// What an operator's tools ask of a store beyond what actors do: to look at all of it at once, and
/// to fill an empty one. Failures are <see cref="StoreException"/>s.
/// </summary>
public interface IStoreAdministration : IAsyncDisposable
{
    /// <summary>All of the store as it is now; what is written meanwhile does not show.</summary>
    Task<IStoreView> OpenViewAsync(CancellationToken cancellationToken);

    /// <summary>Begins to fill the store, which nobody else can write until this ends.</summary>
    /// <exception cref="StoreConflictException">It is not empty.</exception>
    Task<IStoreFilling> BeginFillingAsync(CancellationToken cancellationToken);
}

/// <summary>A store at one moment. Disposing it lets go of that moment.</summary>
public interface IStoreView : IAsyncDisposable
{
    /// <summary>The version of the tables.</summary>
    int SchemaVersion { get; }

    /// <summary>The streams, by their names.</summary>
    IAsyncEnumerable<StoredStream> StreamsAsync(CancellationToken cancellationToken);

    /// <summary>The events of a stream in order, gaps included.</summary>
    IAsyncEnumerable<JournalEvent> EventsAsync(
        string persistenceId, CancellationToken cancellationToken);

    /// <summary>The snapshot of a stream; null when there is none.</summary>
    Task<SnapshotRecord?> SnapshotAsync(
        string persistenceId, CancellationToken cancellationToken);

    /// <summary>The leases that were ever held.</summary>
    Task<IReadOnlyList<Lease>> LeasesAsync(CancellationToken cancellationToken);

    /// <summary>What the engine itself finds wrong, a sentence each; none when it is sound.
    /// </summary>
    Task<IReadOnlyList<string>> ProblemsAsync(CancellationToken cancellationToken);
}

/// <summary>One transaction that fills an empty store: without a commit it stays empty.</summary>
public interface IStoreFilling : IAsyncDisposable
{
    /// <summary>Adds a stream; its events and its snapshot come after it.</summary>
    Task AddStreamAsync(StoredStream stream, CancellationToken cancellationToken);

    /// <summary>Adds events to the stream that was added last.</summary>
    Task AddEventsAsync(
        IReadOnlyList<JournalEvent> events, CancellationToken cancellationToken);

    /// <summary>Adds the snapshot of the stream that was added last.</summary>
    Task AddSnapshotAsync(SnapshotRecord snapshot, CancellationToken cancellationToken);

    /// <summary>Adds a lease that nobody holds, so that its next epoch is a higher one.</summary>
    Task AddLeaseAsync(string name, long epoch, CancellationToken cancellationToken);

    Task CommitAsync(CancellationToken cancellationToken);
}

/// <summary>A stream, without its events.</summary>
/// <param name="PersistenceId">Its name.</param>
/// <param name="HighestSequenceNr">The highest number that it ever had.</param>
public sealed record StoredStream(string PersistenceId, long HighestSequenceNr);
