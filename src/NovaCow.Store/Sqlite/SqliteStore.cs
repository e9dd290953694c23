using System.Diagnostics;
using NovaCow.Runtime.Persistence;

namespace NovaCow.Store.Sqlite;

/// <summary>
/// The embedded store: one SQLite file on a local disk, which the processes of one machine may
/// share. It owns the file's connections and one writing thread; it never decides who may write,
/// beyond the fence that a write carries.
/// </summary>
/// <remarks>
/// Write-ahead log, synced at each commit, so what was acknowledged survives a loss of power.
/// Readers never wait for the writer. Leases run by this machine's clock: when that is set back, a
/// lease lasts longer; when forward, it expires early; two never lead, because of the epoch.
/// </remarks>
public sealed class SqliteStore : IStore, IStoreAdministration
{
    private readonly string _path;
    private readonly TimeSpan _busyTimeout;
    private readonly SqliteWriter _writer;
    private readonly ReaderPool _readers;

    private SqliteStore(
        string path, TimeSpan busyTimeout, SqliteWriter writer, ReaderPool readers)
    {
        _path = path;
        _busyTimeout = busyTimeout;
        _writer = writer;
        _readers = readers;
    }

    /// <summary>Opens the store; makes the file (mode 0600) and its directory if needed.</summary>
    /// <param name="path">The file; its log lies beside it as `-wal` and `-shm`.</param>
    /// <exception cref="StoreException">It is damaged, foreign, newer or out of reach.</exception>
    public static Task<SqliteStore> OpenAsync(
        string path, CancellationToken cancellationToken = default) =>
        OpenAsync(path, SqliteFile.DefaultBusyTimeout, cancellationToken);

    internal static Task<SqliteStore> OpenAsync(
        string path,
        TimeSpan busyTimeout,
        CancellationToken cancellationToken,
        string pragmas = "") =>
        Task.Run(() => Open(Path.GetFullPath(path), busyTimeout, pragmas), cancellationToken);

    public async Task AppendAsync(JournalAppend append, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(append.FirstSequenceNr, 1);
        if (append.Events.Count == 0) return;
        var start = Stopwatch.GetTimestamp();
        var events = await _writer.WriteAsync(
            tables => tables.Journal.Append(append), cancellationToken);
        StoreMetrics.Appended(events, start);
    }

    public IAsyncEnumerable<JournalEvent> ReadAsync(
        string persistenceId, long fromSequenceNr, CancellationToken cancellationToken) =>
        PagedJournal.ReadAsync(_path, persistenceId, fromSequenceNr, from => _readers.ReadAsync(
            reader => reader.Events(persistenceId, from), cancellationToken));

    public Task<long> ReadHighestSequenceNrAsync(
        string persistenceId, CancellationToken cancellationToken) =>
        _readers.ReadAsync(
            reader => reader.HighestSequenceNr(persistenceId), cancellationToken);

    public async Task DeleteEventsAsync(
        string persistenceId, long toSequenceNr, Fence? fence, CancellationToken cancellationToken)
    {
        while (await _writer.WriteAsync(
            tables => tables.Journal.DeleteSome(persistenceId, toSequenceNr, fence),
            cancellationToken))
        {
        }
    }

    public Task SaveSnapshotAsync(
        SnapshotRecord snapshot, Fence? fence, CancellationToken cancellationToken) =>
        _writer.WriteAsync(
            tables => tables.Journal.SaveSnapshot(snapshot, fence), cancellationToken);

    public Task<SnapshotRecord?> LoadSnapshotAsync(
        string persistenceId, CancellationToken cancellationToken) =>
        _readers.ReadAsync(reader => reader.Snapshot(persistenceId), cancellationToken);

    public Task<Lease> AcquireLeaseAsync(
        LeaseRequest request, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(request.Holder);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(request.TimeToLive, TimeSpan.Zero);
        return _writer.WriteUrgentlyAsync(
            tables => tables.Leases.Acquire(request), cancellationToken);
    }

    public Task<Lease?> ReadLeaseAsync(string name, CancellationToken cancellationToken) =>
        _readers.ReadAsync(reader => reader.Lease(name), cancellationToken);

    public Task ReleaseLeaseAsync(
        string name, string holder, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(holder);
        return _writer.WriteUrgentlyAsync(
            tables => tables.Leases.Release(name, holder), cancellationToken);
    }

    public Task<IStoreView> OpenViewAsync(CancellationToken cancellationToken) =>
        Task.Run<IStoreView>(
            () => new SqliteView(_path, Database.Open(_path, _busyTimeout)), cancellationToken);

    public Task<IStoreFilling> BeginFillingAsync(CancellationToken cancellationToken) =>
        Task.Run<IStoreFilling>(
            () => new SqliteFilling(_path, Database.Open(_path, _busyTimeout)), cancellationToken);

    /// <summary>Commits what was accepted, then closes; later calls fail.</summary>
    public async ValueTask DisposeAsync()
    {
        _readers.Dispose();
        await _writer.CloseAsync();
    }

    private static SqliteStore Open(string path, TimeSpan busyTimeout, string pragmas)
    {
        try
        {
            var database = SqliteFile.Prepare(path, busyTimeout);
            database.Execute(pragmas);
            var readers = new ReaderPool(
                path, () => new Reader(Database.Open(path, busyTimeout)));
            var writer = new SqliteWriter(path, database, busyTimeout);
            writer.Start();
            return new SqliteStore(path, busyTimeout, writer, readers);
        }
        catch (SqliteFailure failure)
        {
            throw failure.ToStoreException(path);
        }
    }
}
