using System.Globalization;
using Npgsql;
using NovaCow.Runtime.Persistence;

namespace NovaCow.Store.Postgres;

/// <summary>
/// Connections for one purpose, so that what is urgent never waits for what is not. It owns them,
/// replaces those that broke, and turns every failure into a <see cref="StoreException"/>.
/// </summary>
internal sealed class ConnectionLane : IAsyncDisposable
{
    private const int ConnectSeconds = 5;

    /// <summary>The server gives up first and says why; the client's own bound is for a server
    /// that says nothing.</summary>
    private const int StatementSeconds = 10;

    private const int CommandSeconds = 12;

    private readonly SemaphoreSlim _free;
    private readonly string _store;

    public ConnectionLane(PostgresOptions options, Lane lane)
    {
        _store = options.Address.ToString();
        _free = new(lane.Connections);
        var builder = new NpgsqlDataSourceBuilder(
            Settings(options.Address, lane).ConnectionString);
        if (options.PasswordFile is { } file)
        {
            builder.UsePasswordProvider(
                _ => ReadPassword(file), (_, _) => new ValueTask<string>(ReadPassword(file)));
        }
        Source = builder.Build();
    }

    public NpgsqlDataSource Source { get; }

    /// <summary>Runs what may be run twice: it is, when the connection was lost.</summary>
    public async Task<T> RunAsync<T>(
        Func<NpgsqlConnection, CancellationToken, Task<T>> work,
        CancellationToken cancellationToken)
    {
        await _free.WaitAsync(cancellationToken);
        try
        {
            for (var isRetry = false; ; isRetry = true)
            {
                try
                {
                    await using var connection = await Source.OpenConnectionAsync(
                        cancellationToken);
                    return await work(connection, cancellationToken);
                }
                catch (NpgsqlException lost) when (
                    !isRetry && PostgresFailure.IsLostConnection(lost))
                {
                    // The others of the pool are as dead: one restart broke them all.
                    Source.Clear();
                }
            }
        }
        catch (Exception failure) when (
            failure is not (OperationCanceledException or StoreException))
        {
            throw PostgresFailure.ToStoreException(_store, failure);
        }
        finally
        {
            _free.Release();
        }
    }

    public ValueTask DisposeAsync() => Source.DisposeAsync();

    private static NpgsqlConnectionStringBuilder Settings(
        PostgresAddress address, Lane lane) => new()
    {
        Host = address.Host,
        Port = address.Port,
        Username = address.User,
        Database = address.Database,
        SslMode = address.SslMode,
        RootCertificate = address.RootCertificate,
        GssEncryptionMode = GssEncryptionMode.Disable,
        ApplicationName = lane.Name,
        MaxPoolSize = lane.Connections,
        Timeout = ConnectSeconds,
        CommandTimeout = CommandSeconds,
        CancellationTimeout = 2_000,
        TcpKeepAlive = true,
        TcpKeepAliveTime = ConnectSeconds,
        TcpKeepAliveInterval = 1,
        // The session's settings are these, from its first moment to its last.
        NoResetOnClose = true,
        MaxAutoPrepare = 30,
        AutoPrepareMinUsages = 2,
        Options = string.Create(
            CultureInfo.InvariantCulture,
            $"-c search_path={PostgresSchema.Name},pg_temp -c synchronous_commit=on "
            + $"-c default_transaction_isolation=read\\ committed "
            + $"-c statement_timeout={StatementSeconds}s -c lock_timeout={lane.LockSeconds}s "
            + $"-c idle_in_transaction_session_timeout={lane.IdleInTransactionSeconds}s "
            // The server, too, must notice that a client's machine is gone, and its locks with it.
            + $"-c tcp_user_timeout={StatementSeconds}s -c tcp_keepalives_idle={ConnectSeconds} "
            + $"-c tcp_keepalives_interval=1 -c tcp_keepalives_count={ConnectSeconds}"),
    };

    private string ReadPassword(string file)
    {
        try
        {
            using var reader = new StreamReader(file);
            return reader.ReadLine() ?? "";
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new StoreException(
                $"store {_store}: the password cannot be read: {failure.Message}; correct "
                + "novacow.control.postgres.password-file, or let this user read the file",
                failure);
        }
    }
}
