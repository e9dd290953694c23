using NovaCow.Runtime.Persistence;

namespace NovaCow.Store.Sqlite;

/// <summary>
/// One connection that only reads, with its statements. Each call is one short read: it never
/// holds a snapshot of the file open between calls, which would keep the log from shrinking.
/// </summary>
internal sealed class Reader : IDisposable
{
    private readonly Database _database;
    private readonly Statement _events;
    private readonly Statement _highest;
    private readonly Statement _snapshot;
    private readonly Statement _lease;

    public Reader(Database database)
    {
        _database = database;
        database.Execute("PRAGMA query_only = ON");
        _events = database.Prepare(
            "SELECT sequence_nr, manifest, bytes FROM event WHERE stream = "
            + "(SELECT id FROM stream WHERE persistence_id = ?1) "
            + "AND sequence_nr >= ?2 ORDER BY sequence_nr LIMIT ?3");
        _highest = database.Prepare(
            "SELECT highest_sequence_nr FROM stream WHERE persistence_id = ?1");
        _snapshot = database.Prepare(
            "SELECT sequence_nr, manifest, bytes FROM snapshot WHERE stream = "
            + "(SELECT id FROM stream WHERE persistence_id = ?1)");
        _lease = database.Prepare(LeaseTable.SelectByName);
    }

    /// <summary>The next events; none when there are no more.</summary>
    public List<JournalEvent> Events(string persistenceId, long fromSequenceNr)
    {
        var events = new List<JournalEvent>();
        var bytes = 0;
        string? manifest = null;
        _events.Bind(0, persistenceId).Bind(1, fromSequenceNr).Bind(2, PagedJournal.PageEvents);
        try
        {
            while (bytes < PagedJournal.PageBytes && _events.Step())
            {
                // Neighbours are often of one kind: one string serves them all.
                var text = _events.Text(1);
                if (manifest != text) manifest = text;
                var payload = _events.Bytes(2);
                events.Add(new(_events.Number(0), new(manifest, payload)));
                bytes += payload.Length;
            }
            return events;
        }
        finally
        {
            _events.Reset();
        }
    }

    public long HighestSequenceNr(string persistenceId) =>
        _highest.Bind(0, persistenceId).Run() ?? 0;

    public SnapshotRecord? Snapshot(string persistenceId)
    {
        try
        {
            return _snapshot.Bind(0, persistenceId).Step()
                ? new SnapshotRecord(
                    persistenceId,
                    _snapshot.Number(0),
                    new(_snapshot.Text(1), _snapshot.Bytes(2)))
                : null;
        }
        finally
        {
            _snapshot.Reset();
        }
    }

    public Lease? Lease(string name) => LeaseTable.Read(_lease, name);

    public void Dispose()
    {
        foreach (var statement in (Statement[])[_events, _highest, _snapshot, _lease])
            statement.Dispose();
        _database.Dispose();
    }
}
