using System.Globalization;
using Npgsql;
using NovaCow.Runtime.Persistence;

namespace NovaCow.Store.Postgres;

/// <summary>
/// The tables, in a schema of their own, and how older ones become newer. Whoever migrates owns
/// them; the role that a node runs as reads and writes rows and can do no more.
/// </summary>
internal static class PostgresSchema
{
    public const string Name = "novacow";

    /// <summary>The advisory lock under which one process at a time migrates: "NovaCow".</summary>
    private const long MigrationLock = 0x4E6F7661436F77;

    private const int MigrationSeconds = 600;

    /// <summary>Step N brings the schema from version N to N + 1. Only ever add to the end.
    /// </summary>
    private static readonly string[] Steps =
    [
        // The streams' rows change with each append: room on their pages keeps them where they are.
        """
        CREATE TABLE novacow.stream (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            persistence_id text COLLATE "C" NOT NULL UNIQUE,
            highest_sequence_nr bigint NOT NULL
        ) WITH (fillfactor = 50);
        CREATE TABLE novacow.event (
            stream bigint NOT NULL,
            sequence_nr bigint NOT NULL,
            manifest text NOT NULL,
            bytes bytea NOT NULL,
            PRIMARY KEY (stream, sequence_nr)
        );
        CREATE TABLE novacow.snapshot (
            stream bigint PRIMARY KEY,
            sequence_nr bigint NOT NULL,
            manifest text NOT NULL,
            bytes bytea NOT NULL
        );
        CREATE TABLE novacow.lease (
            name text COLLATE "C" PRIMARY KEY,
            holder text NOT NULL,
            address text NOT NULL,
            epoch bigint NOT NULL,
            expires_at timestamptz NOT NULL
        ) WITH (fillfactor = 50);
        """,
    ];

    /// <summary>The version that this program reads and writes.</summary>
    public static int Version => Steps.Length;

    public static string HowToMigrate(string store) =>
        $"run `novacow store migrate --store {store}` as the owner of the database, or set "
        + "novacow.control.postgres.migrate = true";

    /// <summary>Throws unless the schema is of this version.</summary>
    public static async Task CheckAsync(
        NpgsqlConnection connection, string store, CancellationToken cancellationToken)
    {
        var version = await ReadVersionAsync(connection, store, cancellationToken);
        if (version == Version) return;
        throw new StoreException(
            version == 0
                ? $"store {store}: its tables are not there yet; {HowToMigrate(store)}"
                : $"store {store}: its schema is version {version}, this NovaCow needs {Version}; "
                    + HowToMigrate(store));
    }

    /// <summary>Makes the tables or brings them up to date, and lets a role use them; in one
    /// transaction, one process at a time.</summary>
    /// <returns>The version that was there before; 0 when there was none.</returns>
    public static async Task<int> MigrateAsync(
        NpgsqlConnection connection, PostgresOptions options, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await ExecuteAsync(
            connection,
            $"SET LOCAL lock_timeout = '{MigrationSeconds}s'; "
            + $"SET LOCAL statement_timeout = '{MigrationSeconds}s'; "
            + string.Create(
                CultureInfo.InvariantCulture, $"SELECT pg_advisory_xact_lock({MigrationLock})"),
            cancellationToken);
        var store = options.Address.ToString();
        var before = await ReadVersionAsync(connection, store, cancellationToken);
        if (before == 0) await CreateAsync(connection, cancellationToken);
        for (var version = before; version < Version; version++)
        {
            await ExecuteAsync(connection, Steps[version], cancellationToken);
            await ExecuteAsync(
                connection,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"INSERT INTO novacow.schema_version (version) VALUES ({version + 1})"),
                cancellationToken);
        }
        if (options.Role is { } role && role != options.Address.User)
            await ExecuteAsync(connection, Grants(role), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return before;
    }

    private static async Task CreateAsync(
        NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        // An owner of the schema need not be one of the database, so it may be there already.
        if (!await IsThereAsync(
            connection, "SELECT to_regnamespace('novacow') IS NOT NULL", cancellationToken))
        {
            await ExecuteAsync(connection, "CREATE SCHEMA novacow", cancellationToken);
        }
        await ExecuteAsync(
            connection,
            "CREATE TABLE novacow.schema_version (version integer PRIMARY KEY, "
            + "applied_at timestamptz NOT NULL DEFAULT clock_timestamp())",
            cancellationToken);
    }

    private static string Grants(string role)
    {
        var quoted = $"\"{role.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
        return $"GRANT USAGE ON SCHEMA novacow TO {quoted}; "
            + $"GRANT SELECT ON novacow.schema_version TO {quoted}; "
            + "GRANT SELECT, INSERT, UPDATE, DELETE ON "
            + $"novacow.stream, novacow.event, novacow.snapshot, novacow.lease TO {quoted}";
    }

    private static async Task<int> ReadVersionAsync(
        NpgsqlConnection connection, string store, CancellationToken cancellationToken)
    {
        if (!await IsThereAsync(
            connection,
            "SELECT to_regclass('novacow.schema_version') IS NOT NULL",
            cancellationToken))
        {
            return 0;
        }
        await using var command = new NpgsqlCommand(
            "SELECT coalesce(max(version), 0) FROM novacow.schema_version", connection);
        var version = (int)(await command.ExecuteScalarAsync(cancellationToken))!;
        return version <= Version
            ? version
            : throw new StoreException(
                $"store {store}: its schema is version {version}, this NovaCow knows {Version}; "
                + "run a NovaCow that knows it, or name another database for the store");
    }

    private static async Task<bool> IsThereAsync(
        NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private static async Task ExecuteAsync(
        NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection)
        {
            CommandTimeout = MigrationSeconds,
        };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
