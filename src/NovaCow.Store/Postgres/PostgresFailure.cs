using System.Net.Sockets;
using System.Security.Authentication;
using Npgsql;
using NovaCow.Runtime.Persistence;

namespace NovaCow.Store.Postgres;

/// <summary>What a failure of PostgreSQL means, and what to do about it.</summary>
internal static class PostgresFailure
{
    /// <summary>
    /// Whether the connection was lost and not merely slow, as when the server was restarted: a
    /// new one may do, at once.
    /// </summary>
    public static bool IsLostConnection(Exception failure) => failure switch
    {
        PostgresException server => server.SqlState is
            PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown,
        NpgsqlException client =>
            client.InnerException is IOException { InnerException: not TimeoutException },
        _ => false,
    };

    /// <summary>Whether the server refused what was sent and lives on, so that it may take a part
    /// of it: data that it cannot hold, or no room for all.</summary>
    public static bool IsOfItsData(Exception failure) => failure is PostgresException
    {
        SqlState: ['2', '2' or '3', ..] or ['5', '3' or '4', ..],
    };

    /// <summary>Names the store, the cause and the remedy.</summary>
    public static StoreException ToStoreException(string store, Exception failure) =>
        failure as StoreException ?? failure.InnerException as StoreException
        ?? new StoreException($"store {store}: {Explain(store, failure)}", failure);

    private static string Explain(string store, Exception failure) => failure switch
    {
        PostgresException server => $"{Explain(store, server)} [{server.MessageText}, "
            + $"code {server.SqlState}]",
        ObjectDisposedException => "it was closed",
        NpgsqlException { InnerException: TimeoutException } or TimeoutException =>
            "the database did not answer in time; check the server, its load and the network",
        NpgsqlException { InnerException: SocketException cause } =>
            $"the database cannot be reached: {cause.Message}; check that it runs there and that "
            + "the network lets this node through",
        NpgsqlException { InnerException: AuthenticationException cause } =>
            $"no trusted connection: {cause.Message}; check sslmode and sslrootcert in the URL",
        NpgsqlException { InnerException: IOException } =>
            "the connection to the database broke; what was under way may or may not be done, the "
            + "store goes on when the database is back",
        NpgsqlException client => $"{client.Message}; check the URL and the server's settings",
        _ => $"the database could not be used: {failure.Message}",
    };

    private static string Explain(string store, PostgresException server) => server.SqlState switch
    {
        PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification
            => "the database refuses the user or its password; the password's file is "
            + "novacow.control.postgres.password-file, and pg_hba.conf on the server lets users in",
        PostgresErrorCodes.InvalidCatalogName =>
            "there is no such database; make it with createdb, or correct the URL",
        PostgresErrorCodes.InsufficientPrivilege =>
            "the user may not do this; run, as the schema's owner, `novacow store migrate "
            + "--store OWNER'S-URL --role USER`",
        PostgresErrorCodes.UndefinedObject =>
            "there is no such role; make it with createuser, then migrate again",
        PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName
            or PostgresErrorCodes.UndefinedColumn =>
            "its tables are not there; " + PostgresSchema.HowToMigrate(store),
        PostgresErrorCodes.DuplicateTable =>
            $"its schema {PostgresSchema.Name} has tables of another program; name another "
            + "database for the store",
        PostgresErrorCodes.DiskFull =>
            "the server's disk is full; free space there, the store goes on by itself",
        PostgresErrorCodes.TooManyConnections =>
            "the server has no connection left; raise its max_connections",
        PostgresErrorCodes.ReadOnlySqlTransaction =>
            "the server takes no writes, as a standby does; name the primary in the URL",
        PostgresErrorCodes.LockNotAvailable =>
            "another connection keeps what is to be written locked; pg_stat_activity on the "
            + "server shows which",
        PostgresErrorCodes.QueryCanceled =>
            "the database took too long; check the server's load and its disk",
        PostgresErrorCodes.CannotConnectNow or PostgresErrorCodes.AdminShutdown
            or PostgresErrorCodes.CrashShutdown =>
            "the database is stopping or starting; the store goes on when it is back",
        _ => "the database failed; nothing was changed",
    };
}
