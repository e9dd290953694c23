using SQLitePCL;

namespace NovaCow.Store.Sqlite;

/// <summary>
/// A compiled statement of one <see cref="Database"/>: bind, step, read the columns, reset. Both
/// indexes count from 0.
/// </summary>
internal sealed class Statement(Database database, sqlite3_stmt handle, string sql) : IDisposable
{
    public Statement Bind(int index, string value)
    {
        database.Check(raw.sqlite3_bind_text(handle, index + 1, value), sql);
        return this;
    }

    public Statement Bind(int index, long value)
    {
        database.Check(raw.sqlite3_bind_int64(handle, index + 1, value), sql);
        return this;
    }

    public Statement Bind(int index, ReadOnlySpan<byte> value)
    {
        // A span without bytes has no address, which SQLite would take for NULL.
        database.Check(
            value.IsEmpty
                ? raw.sqlite3_bind_zeroblob(handle, index + 1, 0)
                : raw.sqlite3_bind_blob(handle, index + 1, value),
            sql);
        return this;
    }

    /// <summary>Goes to the next row; false when there is none.</summary>
    public bool Step()
    {
        var result = raw.sqlite3_step(handle);
        database.Check(result, sql);
        return result == raw.SQLITE_ROW;
    }

    /// <summary>Runs it to its end, so that it can be bound again.</summary>
    /// <returns>The first column of the first row as a number; null without a row.</returns>
    public long? Run()
    {
        try
        {
            long? value = null;
            while (Step()) value ??= Number(0);
            return value;
        }
        finally
        {
            Reset();
        }
    }

    /// <summary>Runs a statement without rows; false when a lock is in its way.</summary>
    public bool RunUnlessBusy()
    {
        var result = raw.sqlite3_step(handle);
        Reset();
        if ((result & 0xff) == raw.SQLITE_BUSY) return false;
        database.Check(result, sql);
        return true;
    }

    public long Number(int column) => raw.sqlite3_column_int64(handle, column);

    public string Text(int column) => raw.sqlite3_column_text(handle, column).utf8_to_string();

    public byte[] Bytes(int column) => raw.sqlite3_column_blob(handle, column).ToArray();

    /// <summary>Ready to be bound again. Its failure, if any, was reported by the step.</summary>
    public void Reset() => _ = raw.sqlite3_reset(handle);

    public void Dispose() => handle.Dispose();
}
