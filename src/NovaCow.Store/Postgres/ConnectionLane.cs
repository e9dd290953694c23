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

    private const int LockSeconds = 5;

    /// <summary>
    /// A process that was paused within a transaction holds its locks, and nobody can take the
    /// lease from it: less than a lease's usual time, so that a paused leader costs no more.
    /// </summary>
    private const int IdleInTransactionSeconds = 2;

    private readonly SemaphoreSlim _free;
    private readonly string _store;

    /// <param name="options">The database.</param>
    /// <param name="limit">Connections at most; more callers wait without a thread.</param>
    /// <param name="idleInTransactionSeconds">How long a transaction may stand still.</param>
    public ConnectionLane(
        PostgresOptions options, int limit, int idleInTransactionSeconds = IdleInTransactionSeconds)
    {
        _store = options.Address.ToString();
        _free = new(limit);
        var builder = new NpgsqlDataSourceBuilder(
            Settings(options.Address, limit, idleInTransactionSeconds).ConnectionString);
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
        catch (Exception failure) when (failure is not (OperationCanceledException or StoreException))
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
        PostgresAddress address, int limit, int idleInTransactionSeconds) => new()
    {
        Host = address.Host,
        Port = address.Port,
        Username = address.User,
        Database = address.Database,
        SslMode = address.SslMode,
        RootCertificate = address.RootCertificate,
        GssEncryptionMode = GssEncryptionMode.Disable,
        ApplicationName = "novacow",
        MaxPoolSize = limit,
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
            + $"-c statement_timeout={StatementSeconds}s -c lock_timeout={LockSeconds}s "
            + $"-c idle_in_transaction_session_timeout={idleInTransactionSeconds}s "
            + $"-c tcp_user_timeout={StatementSeconds}s"),
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
