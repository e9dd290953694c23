using System.Diagnostics;
using Npgsql;
using NovaCow.Testing.Postgres;

namespace NovaCow.Benchmarks.Store;

/// <summary>What PostgreSQL does without a journal's checks and groups: each connection inserts a
/// row and commits it, again and again.</summary>
internal static class PlainInserts
{
    /// <returns>Rows per second of all connections together.</returns>
    public static async Task<double> MeasureAsync(
        PrivatePostgres server, int connections, int bytes, TimeSpan duration)
    {
        await server.CreateDatabaseAsync($"plain{connections}");
        await using var source = NpgsqlDataSource.Create(
            $"Host=127.0.0.1;Port={server.Port};Username={PrivatePostgres.Owner};"
            + $"Database=plain{connections};Maximum Pool Size={connections}");
        await using (var create = source.CreateCommand(
            "CREATE TABLE event (stream bigint, sequence_nr bigint, manifest text, bytes bytea, "
            + "PRIMARY KEY (stream, sequence_nr))"))
        {
            await create.ExecuteNonQueryAsync();
        }
        var opened = await Task.WhenAll(Enumerable.Range(0, connections)
            .Select(async _ => await source.OpenConnectionAsync()));
        var start = Stopwatch.GetTimestamp();
        var rows = await Task.WhenAll(opened.Select(
            (connection, i) => InsertAsync(connection, i, new byte[bytes], duration)));
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        foreach (var connection in opened) await connection.DisposeAsync();
        return rows.Sum() / seconds;
    }

    private static async Task<long> InsertAsync(
        NpgsqlConnection connection, long stream, byte[] payload, TimeSpan duration)
    {
        await using var command = new NpgsqlCommand(
            "INSERT INTO event VALUES ($1, $2, 'benchmark', $3)", connection);
        var number = new NpgsqlParameter<long>();
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = stream });
        command.Parameters.Add(number);
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = payload });
        await command.PrepareAsync();
        var start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < duration)
        {
            number.TypedValue++;
            await command.ExecuteNonQueryAsync();
        }
        return number.TypedValue;
    }
}
