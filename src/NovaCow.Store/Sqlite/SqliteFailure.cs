using NovaCow.Runtime.Persistence;
using SQLitePCL;

namespace NovaCow.Store.Sqlite;

/// <summary>
/// What SQLite answered instead of doing what it was asked. It stays inside this folder: callers
/// of the store get the <see cref="StoreException"/> that <see cref="ToStoreException"/> makes.
/// </summary>
internal sealed class SqliteFailure(int extendedCode, string text, string sql)
    : Exception($"{text} (code {extendedCode}) at: {sql}")
{
    /// <summary>SQLite's primary result code.</summary>
    public int Code { get; } = extendedCode & 0xff;

    public bool IsBusy => Code is raw.SQLITE_BUSY or raw.SQLITE_LOCKED;

    public static SqliteFailure Locked(TimeSpan waited) => new(
        raw.SQLITE_BUSY, $"database is locked for more than {waited.TotalSeconds} s", "BEGIN");

    /// <summary>Names the file, the cause and the remedy.</summary>
    public StoreException ToStoreException(string path) =>
        new($"store {path}: {Explain(path)} [{text}, code {extendedCode}]", this);

    private string Explain(string path) => Code switch
    {
        raw.SQLITE_FULL => "the disk is full; free space there, the store goes on by itself",
        raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB =>
            "the file is damaged; stop the node and put a backup in its place, or salvage it with "
            + $"`sqlite3 {path} .recover | sqlite3 {path}.new`",
        raw.SQLITE_BUSY or raw.SQLITE_LOCKED =>
            "another process has kept it locked; find it with "
            + $"`fuser {path}` and let it finish or end it",
        raw.SQLITE_CANTOPEN => "it cannot be opened; its directory must exist and be writable",
        raw.SQLITE_READONLY or raw.SQLITE_PERM or raw.SQLITE_AUTH =>
            "it cannot be written; give this process write access to the file and its directory",
        raw.SQLITE_IOERR =>
            "reading or writing failed; check the disk, its free space and the kernel's log",
        raw.SQLITE_TOOBIG => "a payload is larger than SQLite takes (1 GB); store less in one",
        _ => "the database engine failed; nothing was changed",
    };
}
