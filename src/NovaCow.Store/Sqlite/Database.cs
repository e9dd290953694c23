using SQLitePCL;

namespace NovaCow.Store.Sqlite;

/// <summary>
/// One connection to the file, used by one thread at a time. It turns result codes into
/// <see cref="SqliteFailure"/>s and owns nothing but the handle.
/// </summary>
internal sealed class Database : IDisposable
{
    private readonly sqlite3 _handle;

    static Database() => Batteries_V2.Init();

    private Database(sqlite3 handle) => _handle = handle;

    /// <summary>Opens a file, which must exist.</summary>
    public static Database Open(string path, TimeSpan busyTimeout)
    {
        // No mutex: a connection belongs to one thread at a time, which its owner sees to.
        var result = raw.sqlite3_open_v2(
            path, out var handle, raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_NOMUTEX, vfs: null);
        var database = new Database(handle);
        try
        {
            database.Check(result, "open");
            raw.sqlite3_extended_result_codes(handle, 1);
            database.SetBusyTimeout(busyTimeout);
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    /// <summary>How long SQLite itself waits for a lock, in sleeps of up to 0.1 s.</summary>
    public void SetBusyTimeout(TimeSpan timeout) =>
        raw.sqlite3_busy_timeout(_handle, (int)timeout.TotalMilliseconds);

    /// <summary>Compiles one statement, to be used many times.</summary>
    public Statement Prepare(string sql)
    {
        Check(
            raw.sqlite3_prepare_v3(_handle, sql, raw.SQLITE_PREPARE_PERSISTENT, out var statement),
            sql);
        return new Statement(this, statement, sql);
    }

    /// <summary>Runs statements that give no rows.</summary>
    public void Execute(string sql) => Check(raw.sqlite3_exec(_handle, sql), sql);

    /// <summary>Runs one statement for the first column of its first row.</summary>
    public string? Scalar(string sql)
    {
        using var statement = Prepare(sql);
        return statement.Step() ? statement.Text(0) : null;
    }

    /// <summary>
    /// Ends a transaction that failed, if SQLite has not ended it already; when even that fails
    /// the next one says so.
    /// </summary>
    public void RollbackIfOpen()
    {
        if (raw.sqlite3_get_autocommit(_handle) == 0)
            _ = raw.sqlite3_exec(_handle, "ROLLBACK");
    }

    public void Check(int result, string sql)
    {
        if (result is raw.SQLITE_OK or raw.SQLITE_ROW or raw.SQLITE_DONE) return;
        var text = _handle.IsInvalid
            ? raw.sqlite3_errstr(result).utf8_to_string()
            : raw.sqlite3_errmsg(_handle).utf8_to_string();
        throw new SqliteFailure(result, text, sql);
    }

    public void Dispose() => _handle.Dispose();
}
