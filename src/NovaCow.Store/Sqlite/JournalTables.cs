using NovaCow.Runtime.Persistence;

namespace NovaCow.Store.Sqlite;

/// <summary>
/// The changes to streams and snapshots, each run within the transaction of its group. A change
/// checks before it writes, so that one that is refused has written nothing and its neighbours in
/// the transaction are untouched.
/// </summary>
internal sealed class JournalTables(Database database, LeaseTable leases) : IDisposable
{
    /// <summary>Events that one transaction deletes at most, so that it stays short.</summary>
    public const int DeleteChunk = 5_000;

    private readonly Statement _advance = database.Prepare(
        "UPDATE stream SET highest_sequence_nr = ?3 "
        + "WHERE persistence_id = ?1 AND highest_sequence_nr = ?2 RETURNING id");

    private readonly Statement _create = database.Prepare(
        "INSERT INTO stream (persistence_id, highest_sequence_nr) VALUES (?1, ?2) "
        + "ON CONFLICT DO NOTHING RETURNING id");

    private readonly Statement _raise = database.Prepare(
        "INSERT INTO stream (persistence_id, highest_sequence_nr) VALUES (?1, ?2) "
        + "ON CONFLICT DO UPDATE SET highest_sequence_nr = max(highest_sequence_nr, ?2) "
        + "RETURNING id");

    private readonly Statement _highest = database.Prepare(
        "SELECT highest_sequence_nr FROM stream WHERE persistence_id = ?1");

    private readonly Statement _insert = database.Prepare(
        "INSERT INTO event (stream, sequence_nr, manifest, bytes) VALUES (?1, ?2, ?3, ?4)");

    private readonly Statement _delete = database.Prepare(
        "WITH chosen AS (SELECT id FROM stream WHERE persistence_id = ?1) "
        + "DELETE FROM event WHERE stream = (SELECT id FROM chosen) AND sequence_nr <= min(?2, "
        + "(SELECT min(sequence_nr) FROM event WHERE stream = (SELECT id FROM chosen)) + ?3 - 1) "
        + "RETURNING sequence_nr");

    private readonly Statement _saveSnapshot = database.Prepare(
        "INSERT INTO snapshot (stream, sequence_nr, manifest, bytes) VALUES (?1, ?2, ?3, ?4) "
        + "ON CONFLICT DO UPDATE SET sequence_nr = ?2, manifest = ?3, bytes = ?4 "
        + "WHERE sequence_nr <= ?2");

    public int Append(JournalAppend append)
    {
        leases.Check(append.Fence, append.PersistenceId);
        var first = append.FirstSequenceNr;
        var stream = Advance(append.PersistenceId, first, first + append.Events.Count - 1);
        for (var i = 0; i < append.Events.Count; i++)
        {
            var payload = append.Events[i];
            _insert.Bind(0, stream).Bind(1, first + i)
                .Bind(2, payload.Manifest).Bind(3, payload.Bytes.Span).Run();
        }
        return append.Events.Count;
    }

    /// <summary>Deletes the oldest events, a chunk at most.</summary>
    /// <returns>Whether there may be more to delete.</returns>
    public bool DeleteSome(string persistenceId, long toSequenceNr, Fence? fence)
    {
        leases.Check(fence, persistenceId);
        _delete.Bind(0, persistenceId).Bind(1, toSequenceNr).Bind(2, DeleteChunk);
        try
        {
            var deleted = 0;
            while (_delete.Step()) deleted++;
            return deleted == DeleteChunk;
        }
        finally
        {
            _delete.Reset();
        }
    }

    public bool SaveSnapshot(SnapshotRecord snapshot, Fence? fence)
    {
        leases.Check(fence, snapshot.PersistenceId);
        var stream = _raise.Bind(0, snapshot.PersistenceId).Bind(1, snapshot.SequenceNr).Run();
        _saveSnapshot.Bind(0, stream!.Value).Bind(1, snapshot.SequenceNr)
            .Bind(2, snapshot.Payload.Manifest).Bind(3, snapshot.Payload.Bytes.Span).Run();
        return true;
    }

    private long Advance(string persistenceId, long first, long last)
    {
        var stream = _advance.Bind(0, persistenceId).Bind(1, first - 1).Bind(2, last).Run();
        if (stream is null && first == 1)
            stream = _create.Bind(0, persistenceId).Bind(1, last).Run();
        if (stream is not null) return stream.Value;

        var highest = _highest.Bind(0, persistenceId).Run() ?? 0;
        throw Refusals.Conflict(persistenceId, first, highest);
    }

    public void Dispose()
    {
        foreach (var statement in (Statement[])
            [_advance, _create, _raise, _highest, _insert, _delete, _saveSnapshot])
        {
            statement.Dispose();
        }
    }
}
