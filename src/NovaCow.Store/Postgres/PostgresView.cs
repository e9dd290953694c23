using System.Runtime.CompilerServices;
using Npgsql;
using NovaCow.Runtime.Persistence;

namespace NovaCow.Store.Postgres;

/// <summary>All of the database as one transaction sees it.</summary>
internal sealed class PostgresView(PostgresSession session) : IStoreView
{
    private const string Problems = """
        SELECT 'events of no stream, under number ' || stream FROM
            (SELECT DISTINCT stream FROM event) AS e
            WHERE NOT EXISTS (SELECT FROM stream WHERE id = e.stream)
        UNION ALL
        SELECT 'a snapshot of no stream, under number ' || stream FROM snapshot AS s
            WHERE NOT EXISTS (SELECT FROM stream WHERE id = s.stream)
        UNION ALL
        SELECT 'the server runs with ' || name || ' off: a loss of power loses acknowledged writes'
            FROM pg_settings WHERE name IN ('fsync', 'full_page_writes') AND setting = 'off'
        LIMIT 20
        """;

    /// <summary>What a transaction sees is what there is at its first query.</summary>
    private const string Begin =
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT FROM lease LIMIT 1";

    public static async Task<IStoreView> OpenAsync(
        PostgresOptions options, CancellationToken cancellationToken) =>
        new PostgresView(await PostgresSession.OpenAsync(options, Begin, cancellationToken));

    public int SchemaVersion => PostgresSchema.Version;

    public async IAsyncEnumerable<StoredStream> StreamsAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var after = ""; ;)
        {
            var page = await ReadAsync(
                "SELECT persistence_id, highest_sequence_nr FROM stream WHERE persistence_id > $1 "
                + $"ORDER BY persistence_id LIMIT {PagedJournal.PageEvents}",
                row => new StoredStream(row.GetString(0), row.GetInt64(1)),
                cancellationToken,
                after);
            if (page.Count == 0) yield break;
            foreach (var stream in page) yield return stream;
            after = page[^1].PersistenceId;
        }
    }

    public async IAsyncEnumerable<JournalEvent> EventsAsync(
        string persistenceId, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var from = 0L; ;)
        {
            var first = from;
            var page = await session.RunAsync(() => PostgresRows.EventsAsync(
                session.Connection, persistenceId, first, cancellationToken));
            if (page.Count == 0) yield break;
            foreach (var journalEvent in page) yield return journalEvent;
            from = page[^1].SequenceNr + 1;
        }
    }

    public Task<SnapshotRecord?> SnapshotAsync(
        string persistenceId, CancellationToken cancellationToken) =>
        session.RunAsync(() => PostgresRows.SnapshotAsync(
            session.Connection, persistenceId, cancellationToken));

    public async Task<IReadOnlyList<Lease>> LeasesAsync(CancellationToken cancellationToken) =>
        await ReadAsync(
            "SELECT name, holder, address, epoch, expires_at - clock_timestamp() FROM lease "
            + "ORDER BY name",
            row => new Lease(
                row.GetString(0),
                Holder: row.GetString(1),
                Address: row.GetString(2),
                Epoch: row.GetInt64(3),
                Remaining: row.GetTimeSpan(4)),
            cancellationToken);

    public async Task<IReadOnlyList<string>> ProblemsAsync(CancellationToken cancellationToken) =>
        await ReadAsync(Problems, row => row.GetString(0), cancellationToken);

    public ValueTask DisposeAsync() => session.DisposeAsync();

    private Task<List<T>> ReadAsync<T>(
        string sql,
        Func<NpgsqlDataReader, T> read,
        CancellationToken cancellationToken,
        params string[] parameters) =>
        session.RunAsync(async () =>
        {
            await using var command = session.Command(
                sql, [.. parameters.Select(p => new NpgsqlParameter { Value = p })]);
            await using var rows = await command.ExecuteReaderAsync(cancellationToken);
            var list = new List<T>();
            while (await rows.ReadAsync(cancellationToken)) list.Add(read(rows));
            return list;
        });
}
