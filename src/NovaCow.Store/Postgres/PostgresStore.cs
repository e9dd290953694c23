using System.Diagnostics;
using Npgsql;
using NovaCow.Runtime.Persistence;

namespace NovaCow.Store.Postgres;

/// <summary>
/// The store that the control nodes of several machines share: one PostgreSQL database. It owns its
/// connections and one writing thread; it never decides who may write, beyond the fence that a
/// write carries, and never changes the schema unless it is told to.
/// </summary>
/// <remarks>
/// The journal, the lease and everything else have connections of their own, so a busy journal
/// never delays a renewal. Commits are synchronous. While the database is away calls fail within
/// seconds; when it is back they succeed again.
/// </remarks>
public sealed class PostgresStore : IStore, IStoreAdministration
{
    /// <summary>Events that one transaction deletes at most, so that it stays short.</summary>
    private const int DeleteChunk = 5_000;

    private const string DeleteEvents =
        "WITH chosen AS (SELECT id FROM stream WHERE persistence_id = $1) "
        + "DELETE FROM event WHERE stream = (SELECT id FROM chosen) AND sequence_nr <= least($2, "
        + "(SELECT min(sequence_nr) FROM event WHERE stream = (SELECT id FROM chosen)) + $3 - 1)";

    /// <summary>Locks the stream only where it must be raised: an append need not wait until the
    /// bytes of a snapshot have been sent.</summary>
    private const string RaiseStream =
        "INSERT INTO stream (persistence_id, highest_sequence_nr) SELECT $1, $2 WHERE NOT EXISTS "
        + "(SELECT FROM stream WHERE persistence_id = $1 AND highest_sequence_nr >= $2) "
        + "ON CONFLICT (persistence_id) DO UPDATE "
        + "SET highest_sequence_nr = excluded.highest_sequence_nr "
        + "WHERE stream.highest_sequence_nr < excluded.highest_sequence_nr";

    private const string UpsertSnapshot =
        "INSERT INTO snapshot (stream, sequence_nr, manifest, bytes) "
        + "SELECT id, $2, $3, $4 FROM stream WHERE persistence_id = $1 "
        + "ON CONFLICT (stream) DO UPDATE SET sequence_nr = excluded.sequence_nr, "
        + "manifest = excluded.manifest, bytes = excluded.bytes "
        + "WHERE snapshot.sequence_nr <= excluded.sequence_nr";

    private readonly PostgresOptions _options;
    private readonly string _name;
    private readonly ConnectionLane _journal;
    private readonly ConnectionLane _leaseLane;
    private readonly ConnectionLane _others;
    private readonly AppendWriter _writer;
    private readonly LeaseRows _leases;

    private PostgresStore(PostgresOptions options)
    {
        _options = options;
        _name = options.Address.ToString();
        _journal = new ConnectionLane(options, Lane.Journal);
        _leaseLane = new ConnectionLane(options, Lane.Leases);
        _others = new ConnectionLane(options, Lane.Others);
        _writer = new AppendWriter(_name, _journal.Source);
        _leases = new LeaseRows(_leaseLane);
    }

    /// <summary>Opens the store and sees that its schema is this program's.</summary>
    /// <exception cref="StoreException">It cannot be reached, or is not migrated, or is newer.
    /// </exception>
    public static async Task<PostgresStore> OpenAsync(
        PostgresOptions options, CancellationToken cancellationToken = default)
    {
        if (options.Migrate) await MigrateAsync(options, cancellationToken);
        var store = new PostgresStore(options);
        try
        {
            await store._others.RunAsync(
                async (connection, ct) =>
                {
                    await PostgresSchema.CheckAsync(connection, store._name, ct);
                    return true;
                },
                cancellationToken);
        }
        catch
        {
            await store.CloseConnectionsAsync();
            throw;
        }
        store._writer.Start();
        return store;
    }

    /// <summary>Makes the schema or brings it up to date; run it as the owner of the database.
    /// </summary>
    /// <returns>The version before and now; 0 is no schema.</returns>
    public static async Task<(int Before, int Now)> MigrateAsync(
        PostgresOptions options, CancellationToken cancellationToken = default)
    {
        await using var lane = new ConnectionLane(options, Lane.Operator);
        var before = await lane.RunAsync(
            (connection, ct) => PostgresSchema.MigrateAsync(connection, options, ct),
            cancellationToken);
        return (before, PostgresSchema.Version);
    }

    public async Task AppendAsync(JournalAppend append, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(append.FirstSequenceNr, 1);
        if (append.Events.Count == 0) return;
        var start = Stopwatch.GetTimestamp();
        await _writer.AppendAsync(append, cancellationToken);
        StoreMetrics.Appended(append.Events.Count, start);
    }

    public IAsyncEnumerable<JournalEvent> ReadAsync(
        string persistenceId, long fromSequenceNr, CancellationToken cancellationToken) =>
        PagedJournal.ReadAsync(_name, persistenceId, fromSequenceNr, from => _others.RunAsync(
            (connection, ct) => PostgresRows.EventsAsync(connection, persistenceId, from, ct),
            cancellationToken));

    public Task<long> ReadHighestSequenceNrAsync(
        string persistenceId, CancellationToken cancellationToken) =>
        _others.RunAsync(
            (connection, ct) => PostgresRows.HighestAsync(connection, persistenceId, ct),
            cancellationToken);

    public async Task DeleteEventsAsync(
        string persistenceId, long toSequenceNr, Fence? fence, CancellationToken cancellationToken)
    {
        int deleted;
        do
        {
            deleted = await WriteAsync(
                fence,
                persistenceId,
                [new(DeleteEvents)
                {
                    Parameters =
                    {
                        new() { Value = persistenceId },
                        new() { Value = toSequenceNr },
                        new() { Value = DeleteChunk },
                    },
                }],
                cancellationToken);
        }
        while (deleted == DeleteChunk);
    }

    public Task SaveSnapshotAsync(
        SnapshotRecord snapshot, Fence? fence, CancellationToken cancellationToken)
    {
        var (id, sequenceNr) = (snapshot.PersistenceId, snapshot.SequenceNr);
        return WriteAsync(
            fence,
            id,
            [
                new(RaiseStream)
                {
                    Parameters = { new() { Value = id }, new() { Value = sequenceNr } },
                },
                new(UpsertSnapshot)
                {
                    Parameters =
                    {
                        new() { Value = id },
                        new() { Value = sequenceNr },
                        new() { Value = snapshot.Payload.Manifest },
                        PostgresRows.Bytes(snapshot.Payload.Bytes),
                    },
                },
            ],
            cancellationToken);
    }

    public Task<SnapshotRecord?> LoadSnapshotAsync(
        string persistenceId, CancellationToken cancellationToken) =>
        _others.RunAsync(
            (connection, ct) => PostgresRows.SnapshotAsync(connection, persistenceId, ct),
            cancellationToken);

    public Task<Lease> AcquireLeaseAsync(
        LeaseRequest request, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(request.Holder);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(request.TimeToLive, TimeSpan.Zero);
        return _leases.AcquireAsync(request, cancellationToken);
    }

    public Task<Lease?> ReadLeaseAsync(string name, CancellationToken cancellationToken) =>
        _leases.ReadAsync(name, cancellationToken);

    public Task ReleaseLeaseAsync(
        string name, string holder, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(holder);
        return _leases.ReleaseAsync(name, holder, cancellationToken);
    }

    public Task<IStoreView> OpenViewAsync(CancellationToken cancellationToken) =>
        PostgresView.OpenAsync(_options, cancellationToken);

    public Task<IStoreFilling> BeginFillingAsync(CancellationToken cancellationToken) =>
        PostgresFilling.OpenAsync(_options, cancellationToken);

    /// <summary>Commits what was accepted, then closes; later calls fail.</summary>
    public async ValueTask DisposeAsync()
    {
        await _writer.CloseAsync();
        await CloseConnectionsAsync();
    }

    private async Task CloseConnectionsAsync()
    {
        await _journal.DisposeAsync();
        await _leaseLane.DisposeAsync();
        await _others.DisposeAsync();
    }

    /// <summary>Runs statements in one transaction, under a fence.</summary>
    /// <returns>The rows that they changed together.</returns>
    private Task<int> WriteAsync(
        Fence? fence,
        string persistenceId,
        IReadOnlyList<NpgsqlBatchCommand> statements,
        CancellationToken cancellationToken) =>
        _others.RunAsync(
            async (connection, ct) =>
            {
                await using var transaction = await connection.BeginTransactionAsync(ct);
                await LeaseRows.CheckAsync(connection, fence, persistenceId, ct);
                await using var batch = new NpgsqlBatch(connection);
                foreach (var statement in statements) batch.BatchCommands.Add(statement);
                var changed = await batch.ExecuteNonQueryAsync(ct);
                await transaction.CommitAsync(ct);
                return changed;
            },
            cancellationToken);
}
