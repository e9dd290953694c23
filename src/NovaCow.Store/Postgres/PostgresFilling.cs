using NovaCow.Runtime.Persistence;

namespace NovaCow.Store.Postgres;

/// <summary>One transaction that fills the tables, which it keeps to itself.</summary>
internal sealed class PostgresFilling(PostgresSession session) : IStoreFilling
{
    private const string Begin =
        "BEGIN; LOCK TABLE lease, stream, event, snapshot IN EXCLUSIVE MODE";

    private const string IsEmpty =
        "SELECT NOT (EXISTS (SELECT FROM stream) OR EXISTS (SELECT FROM event) "
        + "OR EXISTS (SELECT FROM snapshot) OR EXISTS (SELECT FROM lease))";

    private long _current;

    public static async Task<IStoreFilling> OpenAsync(
        PostgresOptions options, CancellationToken cancellationToken)
    {
        var session = await PostgresSession.OpenAsync(options, Begin, cancellationToken);
        if (await session.ScalarAsync(IsEmpty, cancellationToken) is true)
            return new PostgresFilling(session);
        await session.DisposeAsync();
        throw Refusals.NotEmpty(options.Address.ToString());
    }

    public async Task AddStreamAsync(StoredStream stream, CancellationToken cancellationToken) =>
        _current = (long)(await session.ScalarAsync(
            "INSERT INTO stream (persistence_id, highest_sequence_nr) VALUES ($1, $2) RETURNING id",
            cancellationToken,
            new() { Value = stream.PersistenceId },
            new() { Value = stream.HighestSequenceNr }))!;

    public Task AddEventsAsync(
        IReadOnlyList<JournalEvent> events, CancellationToken cancellationToken) =>
        session.ScalarAsync(
            PostgresRows.InsertEvents,
            cancellationToken,
            new() { Value = events.Select(_ => _current).ToArray() },
            new() { Value = events.Select(e => e.SequenceNr).ToArray() },
            new() { Value = events.Select(e => e.Payload.Manifest).ToArray() },
            PostgresRows.Bytes(events.Select(e => e.Payload.Bytes).ToArray()));

    public Task AddSnapshotAsync(SnapshotRecord snapshot, CancellationToken cancellationToken) =>
        session.ScalarAsync(
            "INSERT INTO snapshot (stream, sequence_nr, manifest, bytes) VALUES ($1, $2, $3, $4)",
            cancellationToken,
            new() { Value = _current },
            new() { Value = snapshot.SequenceNr },
            new() { Value = snapshot.Payload.Manifest },
            PostgresRows.Bytes(snapshot.Payload.Bytes));

    public Task AddLeaseAsync(string name, long epoch, CancellationToken cancellationToken) =>
        session.ScalarAsync(
            "INSERT INTO lease (name, holder, address, epoch, expires_at) "
            + "VALUES ($1, '', '', $2, 'epoch')",
            cancellationToken,
            new() { Value = name },
            new() { Value = epoch });

    public Task CommitAsync(CancellationToken cancellationToken) =>
        session.ScalarAsync("COMMIT", cancellationToken);

    public ValueTask DisposeAsync() => session.DisposeAsync();
}
