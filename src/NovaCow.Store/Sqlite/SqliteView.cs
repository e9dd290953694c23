using System.Runtime.CompilerServices;
using NovaCow.Runtime.Persistence;

namespace NovaCow.Store.Sqlite;

/// <summary>A connection that stays in one read transaction.</summary>
internal sealed class SqliteView : IStoreView
{
    private readonly string _path;
    private readonly Database _database;
    private readonly Reader _reader;

    /// <param name="path">The file, for messages.</param>
    /// <param name="database">A connection to it, owned from here on.</param>
    public SqliteView(string path, Database database)
    {
        _path = path;
        _database = database;
        _reader = new Reader(database);
        // A transaction begins with its first read.
        database.Execute("BEGIN; SELECT count(*) FROM lease");
    }

    public int SchemaVersion => Schema.Version;

    public async IAsyncEnumerable<StoredStream> StreamsAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var streams = _database.Prepare(
            "SELECT persistence_id, highest_sequence_nr FROM stream ORDER BY persistence_id");
        while (Guard(streams.Step))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return new StoredStream(streams.Text(0), streams.Number(1));
            await Task.Yield();
        }
    }

    public async IAsyncEnumerable<JournalEvent> EventsAsync(
        string persistenceId, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var from = 0L;
        while (true)
        {
            var events = Guard(() => _reader.Events(persistenceId, from));
            if (events.Count == 0) yield break;
            foreach (var journalEvent in events) yield return journalEvent;
            from = events[^1].SequenceNr + 1;
            cancellationToken.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    public Task<SnapshotRecord?> SnapshotAsync(
        string persistenceId, CancellationToken cancellationToken) =>
        Task.FromResult(Guard(() => _reader.Snapshot(persistenceId)));

    public Task<IReadOnlyList<Lease>> LeasesAsync(CancellationToken cancellationToken) =>
        Task.FromResult(Guard(() => (IReadOnlyList<Lease>)
            [.. Texts("SELECT name FROM lease ORDER BY name").Select(n => _reader.Lease(n)!)]));

    public Task<IReadOnlyList<string>> ProblemsAsync(CancellationToken cancellationToken) =>
        Task.FromResult(Guard(() => (IReadOnlyList<string>)
        [
            .. Texts("PRAGMA integrity_check(20)").Where(verdict => verdict != "ok"),
            .. Texts(
                "SELECT DISTINCT 'events of no stream, under number ' || stream FROM event "
                + "WHERE stream NOT IN (SELECT id FROM stream) UNION ALL "
                + "SELECT 'a snapshot of no stream, under number ' || stream FROM snapshot "
                + "WHERE stream NOT IN (SELECT id FROM stream) LIMIT 20"),
        ]));

    public ValueTask DisposeAsync()
    {
        _reader.Dispose();
        return ValueTask.CompletedTask;
    }

    private List<string> Texts(string sql)
    {
        using var statement = _database.Prepare(sql);
        var texts = new List<string>();
        while (statement.Step()) texts.Add(statement.Text(0));
        return texts;
    }

    private T Guard<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (SqliteFailure failure)
        {
            throw failure.ToStoreException(_path);
        }
    }
}
