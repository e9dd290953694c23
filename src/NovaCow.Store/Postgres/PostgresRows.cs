using Npgsql;
using NpgsqlTypes;
using NovaCow.Runtime.Persistence;

namespace NovaCow.Store.Postgres;

/// <summary>Reading streams and snapshots, on whatever connection.</summary>
internal static class PostgresRows
{
    public const string InsertEvents =
        "INSERT INTO event (stream, sequence_nr, manifest, bytes) "
        + "SELECT * FROM unnest($1, $2, $3, $4)";

    private const string StreamId = "(SELECT id FROM stream WHERE persistence_id = $1)";

    private const string SelectEvents =
        $"SELECT sequence_nr, manifest, bytes FROM event WHERE stream = {StreamId} "
        + "AND sequence_nr >= $2 ORDER BY sequence_nr LIMIT $3";

    private const string SelectSnapshot =
        $"SELECT sequence_nr, manifest, bytes FROM snapshot WHERE stream = {StreamId}";

    private const string SelectHighest =
        "SELECT highest_sequence_nr FROM stream WHERE persistence_id = $1";

    public static async Task<List<JournalEvent>> EventsAsync(
        NpgsqlConnection connection,
        string persistenceId,
        long fromSequenceNr,
        CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(SelectEvents, connection)
        {
            Parameters =
            {
                new() { Value = persistenceId },
                new() { Value = fromSequenceNr },
                new() { Value = PagedJournal.PageEvents },
            },
        };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var events = new List<JournalEvent>();
        var bytes = 0;
        string? manifest = null;
        while (bytes < PagedJournal.PageBytes && await reader.ReadAsync(cancellationToken))
        {
            // Neighbours are often of one kind: one string serves them all.
            var text = reader.GetString(1);
            if (manifest != text) manifest = text;
            var payload = reader.GetFieldValue<byte[]>(2);
            events.Add(new(reader.GetInt64(0), new(manifest, payload)));
            bytes += payload.Length;
        }
        return events;
    }

    public static async Task<SnapshotRecord?> SnapshotAsync(
        NpgsqlConnection connection, string persistenceId, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(SelectSnapshot, connection)
        {
            Parameters = { new() { Value = persistenceId } },
        };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? new SnapshotRecord(
                persistenceId,
                reader.GetInt64(0),
                new(reader.GetString(1), reader.GetFieldValue<byte[]>(2)))
            : null;
    }

    public static async Task<long> HighestAsync(
        NpgsqlConnection connection, string persistenceId, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(SelectHighest, connection)
        {
            Parameters = { new() { Value = persistenceId } },
        };
        return await command.ExecuteScalarAsync(cancellationToken) as long? ?? 0;
    }

    /// <summary>A parameter of bytes, which may be none.</summary>
    public static NpgsqlParameter Bytes(ReadOnlyMemory<byte> bytes) =>
        new NpgsqlParameter<ReadOnlyMemory<byte>>
        {
            TypedValue = bytes,
            NpgsqlDbType = NpgsqlDbType.Bytea,
        };

    /// <summary>The same of many, as an array.</summary>
    public static NpgsqlParameter Bytes(ReadOnlyMemory<byte>[] bytes) =>
        new NpgsqlParameter<ReadOnlyMemory<byte>[]>
        {
            TypedValue = bytes,
            NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bytea,
        };
}
