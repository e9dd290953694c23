using System.Diagnostics;
using NovaCow.Runtime.Persistence;

namespace NovaCow.Store.Sqlite;

/// <summary>
/// Makes a file ready to be a store: creates it, checks it, puts it into write-ahead mode and
/// brings its tables up to date.
/// </summary>
internal static class SqliteFile
{
    /// <summary>How long to wait while another process holds the write lock.</summary>
    public static readonly TimeSpan DefaultBusyTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Files up to this size are read through for damage at each start (0.1 s).</summary>
    private const long CheckedAtStartBytes = 32 << 20;

    private static readonly Lock Creating = new();

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>The connection for writing.</summary>
    public static Database Prepare(string path, TimeSpan busyTimeout)
    {
        Create(path);
        var database = Database.Open(path, busyTimeout);
        try
        {
            EnterWriteAheadMode(database, busyTimeout);
            database.Execute(
                "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000; "
                + "PRAGMA cache_size = -16384");
            Schema.Migrate(database, path);
            CheckForDamage(database, path);
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    /// <remarks>
    /// Closing any descriptor of a file drops the locks that this process holds on it, and with
    /// them those of SQLite. So an existing file is never opened here, nor a new one while another
    /// store of this process could have it open.
    /// </remarks>
    private static void Create(string path)
    {
        try
        {
            lock (Creating)
            {
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                if (!File.Exists(path)) CreateEmpty(path);
            }
            // Its log files take the mode of the file itself.
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, OwnerOnly);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new StoreException(
                $"store {path}: it cannot be opened: {failure.Message}; give this process a "
                + "writable directory, or name another file for the store",
                failure);
        }
    }

    private static void CreateEmpty(string path)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.ReadWrite | FileShare.Delete,
        };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = OwnerOnly;
        try
        {
            new FileStream(path, options).Dispose();
        }
        catch (IOException) when (File.Exists(path))
        {
            // Another process was quicker.
        }
    }

    /// <summary>
    /// When several processes make the file at once, SQLite answers busy here without waiting.
    /// </summary>
    private static void EnterWriteAheadMode(Database database, TimeSpan busyTimeout)
    {
        var start = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                database.Scalar("PRAGMA journal_mode = WAL");
                return;
            }
            catch (SqliteFailure failure) when (
                failure.IsBusy && Stopwatch.GetElapsedTime(start) < busyTimeout)
            {
                Thread.Sleep(1);
            }
        }
    }

    private static void CheckForDamage(Database database, string path)
    {
        if (new FileInfo(path).Length > CheckedAtStartBytes) return;
        var verdict = database.Scalar("PRAGMA quick_check(1)");
        if (verdict == "ok") return;
        throw new SqliteFailure(SQLitePCL.raw.SQLITE_CORRUPT, verdict ?? "", "quick_check")
            .ToStoreException(path);
    }
}
