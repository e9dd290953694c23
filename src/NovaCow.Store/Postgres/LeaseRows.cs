using Npgsql;
using NovaCow.Runtime.Persistence;

namespace NovaCow.Store.Postgres;

/// <summary>
/// Who leads, by the database's clock. Renewing does not wait for the journal's writers; taking the
/// lease waits until none is in a transaction of the old epoch, and keeps new ones out.
/// </summary>
internal sealed class LeaseRows(ConnectionLane lane)
{
    private const string Columns = "holder, address, epoch, expires_at - clock_timestamp()";

    private const string Select = $"SELECT {Columns} FROM lease WHERE name = $1";

    private const string Renew =
        "UPDATE lease SET address = $3, expires_at = clock_timestamp() + $4 "
        + "WHERE name = $1 AND holder = $2 AND expires_at > clock_timestamp() "
        + $"RETURNING {Columns}";

    private const string Create =
        "INSERT INTO lease (name, holder, address, epoch, expires_at) "
        + "VALUES ($1, '', '', 0, 'epoch') ON CONFLICT DO NOTHING";

    private const string Lock = "SELECT FROM lease WHERE name = $1 FOR UPDATE";

    private const string Take =
        "UPDATE lease SET holder = $2, address = $3, epoch = epoch + 1, "
        + "expires_at = clock_timestamp() + $4 "
        + "WHERE name = $1 AND expires_at <= clock_timestamp()";

    private const string Release =
        "UPDATE lease SET holder = '', address = '', expires_at = 'epoch' "
        + "WHERE name = $1 AND holder = $2";

    /// <summary>
    /// A process can be paused while it sends: then the server waits for the rest, which no timeout
    /// of its own ends. Such a transaction is older than any that goes on.
    /// </summary>
    private const string EndStalled =
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
        + "WHERE datname = current_database() AND usename = current_user "
        + "AND application_name = ANY($1) "
        + "AND xact_start < clock_timestamp() - interval '2 seconds'";

    private const string LockEpoch = "SELECT epoch FROM lease WHERE name = $1 FOR KEY SHARE";

    /// <summary>Throws unless the fence is null or its epoch is the newest of its lease, which it
    /// then stays until the transaction ends.</summary>
    public static async Task CheckAsync(
        NpgsqlConnection connection,
        Fence? fence,
        string persistenceId,
        CancellationToken cancellationToken)
    {
        if (fence is not { } wanted) return;
        await using var command = new NpgsqlCommand(LockEpoch, connection)
        {
            Parameters = { new() { Value = wanted.LeaseName } },
        };
        var epoch = await command.ExecuteScalarAsync(cancellationToken) as long? ?? 0;
        if (epoch != wanted.Epoch) throw Refusals.Fenced(persistenceId, wanted, epoch);
    }

    public Task<Lease> AcquireAsync(
        LeaseRequest request, CancellationToken cancellationToken) =>
        lane.RunAsync(
            async (connection, ct) =>
            {
                if (await RenewAsync(connection, request, ct) is { } renewed) return renewed;
                // Looking takes no lock: those who only wait for their chance disturb nobody.
                var held = await ReadAsync(connection, request.Name, ct);
                return held is { } other && other.Remaining > TimeSpan.Zero
                    ? other
                    : await TakeAsync(connection, request, ct);
            },
            cancellationToken);

    public Task<Lease?> ReadAsync(string name, CancellationToken cancellationToken) =>
        lane.RunAsync((connection, ct) => ReadAsync(connection, name, ct), cancellationToken);

    public Task ReleaseAsync(string name, string holder, CancellationToken cancellationToken) =>
        lane.RunAsync(
            async (connection, ct) =>
            {
                await using var command = new NpgsqlCommand(Release, connection)
                {
                    Parameters = { new() { Value = name }, new() { Value = holder } },
                };
                return await command.ExecuteNonQueryAsync(ct);
            },
            cancellationToken);

    private static async Task<Lease?> RenewAsync(
        NpgsqlConnection connection, LeaseRequest request, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Renew, connection);
        AddAll(command.Parameters, request);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? Read(reader, request.Name) : null;
    }

    private static async Task<Lease?> ReadAsync(
        NpgsqlConnection connection, string name, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Select, connection)
        {
            Parameters = { new() { Value = name } },
        };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? Read(reader, name) : null;
    }

    /// <summary>Takes a lease that has expired. Who holds its row for long is ended: it leads no
    /// more, and must not keep others from it.</summary>
    private static async Task<Lease> TakeAsync(
        NpgsqlConnection connection, LeaseRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await TryTakeAsync(connection, request, cancellationToken);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            await using var command = new NpgsqlCommand(EndStalled, connection)
            {
                Parameters = { new() { Value = new[] { Lane.Journal.Name, Lane.Others.Name } } },
            };
            await command.ExecuteNonQueryAsync(cancellationToken);
            return await TryTakeAsync(connection, request, cancellationToken);
        }
    }

    /// <summary>A batch is one transaction: the row is locked before the clock is read.</summary>
    private static async Task<Lease> TryTakeAsync(
        NpgsqlConnection connection, LeaseRequest request, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection);
        foreach (var sql in (string[])[Create, Lock, Take, Select])
        {
            var command = new NpgsqlBatchCommand(sql);
            if (sql == Take) AddAll(command.Parameters, request);
            else command.Parameters.Add(new NpgsqlParameter { Value = request.Name });
            batch.BatchCommands.Add(command);
        }
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        // The lock's result, which has a row and no column, comes before the lease's.
        await reader.NextResultAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return Read(reader, request.Name);
    }

    private static void AddAll(NpgsqlParameterCollection parameters, LeaseRequest request)
    {
        parameters.Add(new NpgsqlParameter<string> { TypedValue = request.Name });
        parameters.Add(new NpgsqlParameter<string> { TypedValue = request.Holder });
        parameters.Add(new NpgsqlParameter<string> { TypedValue = request.Address });
        parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = request.TimeToLive });
    }

    private static Lease Read(NpgsqlDataReader reader, string name) => new(
        name,
        Holder: reader.GetString(0),
        Address: reader.GetString(1),
        Epoch: reader.GetInt64(2),
        Remaining: reader.GetTimeSpan(3));
}
