using NovaCow.Runtime.Persistence;

namespace NovaCow.Store.Sqlite;

/// <summary>One transaction that fills the file.</summary>
internal sealed class SqliteFilling : IStoreFilling
{
    private readonly string _path;
    private readonly Database _database;
    private readonly Statement _stream;
    private readonly Statement _event;
    private readonly Statement _snapshot;
    private readonly Statement _lease;
    private long _current;

    /// <param name="path">The file, for messages.</param>
    /// <param name="database">A connection to it, owned from here on.</param>
    public SqliteFilling(string path, Database database)
    {
        _path = path;
        _database = database;
        _stream = database.Prepare(
            "INSERT INTO stream (persistence_id, highest_sequence_nr) VALUES (?1, ?2) "
            + "RETURNING id");
        _event = database.Prepare(
            "INSERT INTO event (stream, sequence_nr, manifest, bytes) VALUES (?1, ?2, ?3, ?4)");
        _snapshot = database.Prepare(
            "INSERT INTO snapshot (stream, sequence_nr, manifest, bytes) VALUES (?1, ?2, ?3, ?4)");
        _lease = database.Prepare(
            "INSERT INTO lease (name, holder, address, epoch, expires_at_ms) "
            + "VALUES (?1, '', '', ?2, 0)");
        Run(Begin);
    }

    public Task AddStreamAsync(StoredStream stream, CancellationToken cancellationToken) =>
        Guard(() => _current = _stream
            .Bind(0, stream.PersistenceId).Bind(1, stream.HighestSequenceNr).Run()!.Value);

    public Task AddEventsAsync(
        IReadOnlyList<JournalEvent> events, CancellationToken cancellationToken) =>
        Guard(() =>
        {
            foreach (var journalEvent in events)
                Add(_event, journalEvent.SequenceNr, journalEvent.Payload);
        });

    public Task AddSnapshotAsync(SnapshotRecord snapshot, CancellationToken cancellationToken) =>
        Guard(() => Add(_snapshot, snapshot.SequenceNr, snapshot.Payload));

    public Task AddLeaseAsync(string name, long epoch, CancellationToken cancellationToken) =>
        Guard(() => _lease.Bind(0, name).Bind(1, epoch).Run());

    public Task CommitAsync(CancellationToken cancellationToken) =>
        Guard(() => _database.Execute("COMMIT"));

    public ValueTask DisposeAsync()
    {
        Close();
        return ValueTask.CompletedTask;
    }

    private void Begin()
    {
        _database.Execute("BEGIN IMMEDIATE");
        var isEmpty = _database.Scalar(
            "SELECT (SELECT count(*) FROM stream) + (SELECT count(*) FROM event) "
            + "+ (SELECT count(*) FROM snapshot) + (SELECT count(*) FROM lease)") == "0";
        if (isEmpty) return;
        Close();
        throw Refusals.NotEmpty(_path);
    }

    private void Close()
    {
        foreach (var statement in (Statement[])[_stream, _event, _snapshot, _lease])
            statement.Dispose();
        _database.RollbackIfOpen();
        _database.Dispose();
    }

    private void Add(Statement insert, long sequenceNr, StoredPayload payload) =>
        insert.Bind(0, _current).Bind(1, sequenceNr)
            .Bind(2, payload.Manifest).Bind(3, payload.Bytes.Span).Run();

    private Task Guard(Action write)
    {
        Run(write);
        return Task.CompletedTask;
    }

    private void Run(Action write)
    {
        try
        {
            write();
        }
        catch (SqliteFailure failure)
        {
            throw failure.ToStoreException(_path);
        }
    }
}
