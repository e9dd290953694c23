using System.Globalization;
using NovaCow.Runtime.Persistence;

namespace NovaCow.Store.Sqlite;

/// <summary>
/// The tables, and how an older file becomes a newer one. The file carries its version in
/// `user_version` and our mark in `application_id`; what is not ours, or is newer, is refused.
/// </summary>
internal static class Schema
{
    /// <summary>"NCow", so that a foreign file is never taken for a store.</summary>
    private const int ApplicationId = 0x4E436F77;

    /// <summary>Step N brings a file from version N to N + 1. Only ever add to the end.</summary>
    private static readonly string[] Steps =
    [
        // `event` is clustered by its key: each event is written once and read back in sequence.
        // A rowid table with an index committed at the same rate, within the disk's noise.
        """
        CREATE TABLE stream (
            id INTEGER PRIMARY KEY,
            persistence_id TEXT NOT NULL UNIQUE,
            highest_sequence_nr INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE event (
            stream INTEGER NOT NULL,
            sequence_nr INTEGER NOT NULL,
            manifest TEXT NOT NULL,
            bytes BLOB NOT NULL,
            PRIMARY KEY (stream, sequence_nr)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE snapshot (
            stream INTEGER PRIMARY KEY,
            sequence_nr INTEGER NOT NULL,
            manifest TEXT NOT NULL,
            bytes BLOB NOT NULL
        ) STRICT;
        CREATE TABLE lease (
            name TEXT PRIMARY KEY,
            holder TEXT NOT NULL,
            address TEXT NOT NULL,
            epoch INTEGER NOT NULL,
            expires_at_ms INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """,
    ];

    /// <summary>The version that this program reads and writes.</summary>
    public static int Version => Steps.Length;

    /// <summary>Makes the tables or brings them up to date, in one transaction.</summary>
    public static void Migrate(Database database, string path)
    {
        if (IsCurrent(database, path)) return;
        database.Execute("BEGIN IMMEDIATE");
        try
        {
            // Another process may have done it while this one waited for the lock.
            var version = ReadVersion(database, path);
            for (; version < Steps.Length; version++) database.Execute(Steps[version]);
            database.Execute(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"PRAGMA application_id={ApplicationId}; PRAGMA user_version={version}"));
            database.Execute("COMMIT");
        }
        catch
        {
            database.RollbackIfOpen();
            throw;
        }
    }

    private static bool IsCurrent(Database database, string path) =>
        ReadVersion(database, path) == Steps.Length;

    private static int ReadVersion(Database database, string path)
    {
        var version = ReadNumber(database, "PRAGMA user_version");
        var isOurs = ReadNumber(database, "PRAGMA application_id") == ApplicationId;
        if (!isOurs && ReadNumber(database, "SELECT count(*) FROM sqlite_schema") > 0)
        {
            throw new StoreException(
                $"store {path}: this SQLite database belongs to another program; "
                + "name another file for the store");
        }
        if (isOurs && version > Steps.Length)
        {
            throw new StoreException(
                $"store {path}: written by a newer NovaCow (schema {version}, this one knows "
                + $"{Steps.Length}); run that version, or name another file for the store");
        }
        return isOurs ? version : 0;
    }

    private static int ReadNumber(Database database, string sql) =>
        int.Parse(database.Scalar(sql) ?? "0", CultureInfo.InvariantCulture);
}
