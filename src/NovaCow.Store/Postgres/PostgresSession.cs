using Npgsql;

namespace NovaCow.Store.Postgres;

/// <summary>One connection in one transaction, for as long as an operator's tool needs it. What
/// fails is not tried again.</summary>
internal sealed class PostgresSession : IAsyncDisposable
{
    private readonly string _store;
    private readonly ConnectionLane _lane;
    private NpgsqlConnection? _connection;

    private PostgresSession(PostgresOptions options)
    {
        _store = options.Address.ToString();
        _lane = new ConnectionLane(options, Lane.Operator);
    }

    /// <param name="options">The database.</param>
    /// <param name="begin">The statements that begin the transaction.</param>
    /// <param name="cancellationToken">Takes it back.</param>
    public static async Task<PostgresSession> OpenAsync(
        PostgresOptions options, string begin, CancellationToken cancellationToken)
    {
        var session = new PostgresSession(options);
        try
        {
            await session.RunAsync(async () =>
            {
                session._connection = await session._lane.Source.OpenConnectionAsync(
                    cancellationToken);
                await using var command = session.Command(begin);
                return await command.ExecuteNonQueryAsync(cancellationToken);
            });
            return session;
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    public NpgsqlConnection Connection => _connection!;

    public NpgsqlCommand Command(string sql, params NpgsqlParameter[] parameters)
    {
        var command = new NpgsqlCommand(sql, Connection);
        command.Parameters.AddRange(parameters);
        return command;
    }

    public async Task<T> RunAsync<T>(Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            throw PostgresFailure.ToStoreException(_store, failure);
        }
    }

    /// <summary>Runs a statement.</summary>
    /// <returns>The first column of its first row; null without a row.</returns>
    public Task<object?> ScalarAsync(
        string sql, CancellationToken cancellationToken, params NpgsqlParameter[] parameters) =>
        RunAsync(async () =>
        {
            await using var command = Command(sql, parameters);
            return await command.ExecuteScalarAsync(cancellationToken);
        });

    /// <summary>Ends the transaction, without a commit if there was none.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_connection is not null) await _connection.DisposeAsync();
        await _lane.DisposeAsync();
    }
}
