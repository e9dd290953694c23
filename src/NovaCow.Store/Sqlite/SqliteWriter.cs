using System.Diagnostics;
using NovaCow.Runtime.Persistence;

namespace NovaCow.Store.Sqlite;

/// <summary>The only writer of this process to the file.</summary>
internal sealed class SqliteWriter : GroupWriter<Write>
{
    /// <summary>
    /// A writer that always has work lets go of the file for a moment every so often, or other
    /// processes, which look for the lock once in a while, would wait for seconds.
    /// </summary>
    private static readonly TimeSpan RestEvery = TimeSpan.FromMilliseconds(50);

    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(2);

    private static readonly TimeSpan LookForLockEvery = TimeSpan.FromMilliseconds(1);

    private readonly TimeSpan _busyTimeout;
    private readonly Database _database;
    private readonly WriteTables _tables;
    private readonly Statement _begin;
    private readonly Statement _commit;

    private long _restedAt;

    public SqliteWriter(string path, Database database, TimeSpan busyTimeout)
        : base(path)
    {
        _busyTimeout = busyTimeout;
        database.SetBusyTimeout(TimeSpan.Zero);
        _database = database;
        _begin = database.Prepare("BEGIN IMMEDIATE");
        _commit = database.Prepare("COMMIT");
        _tables = new WriteTables(database);
    }

    /// <summary>Runs a change in the next group and answers when that is durable.</summary>
    /// <remarks>Cancelling takes it back only while it waits in the queue.</remarks>
    public async Task<T> WriteAsync<T>(
        Func<WriteTables, T> change, CancellationToken cancellationToken)
    {
        var write = new Write<T>(change);
        await Queue.AddAsync(write, cancellationToken);
        return await OutcomeAsync(write, cancellationToken);
    }

    /// <summary>The same, before all that waits: a lease must not expire in a queue.</summary>
    public Task<T> WriteUrgentlyAsync<T>(
        Func<WriteTables, T> change, CancellationToken cancellationToken)
    {
        var write = new Write<T>(change);
        Queue.AddUrgently(write);
        return OutcomeAsync(write, cancellationToken);
    }

    protected override void BeforeGroup(bool waited)
    {
        if (waited)
        {
            _restedAt = Stopwatch.GetTimestamp();
        }
        else if (Stopwatch.GetElapsedTime(_restedAt) > RestEvery)
        {
            Thread.Sleep(Rest);
            _restedAt = Stopwatch.GetTimestamp();
        }
    }

    protected override Exception? TryCommit(IReadOnlyList<Write> group)
    {
        try
        {
            Begin();
            foreach (var write in group) write.Run(_tables);
            _commit.Run();
            return null;
        }
        catch (Exception failure)
        {
            // The engine failed, or this code has a bug: either way the thread must live on.
            _database.RollbackIfOpen();
            return failure;
        }
    }

    protected override bool MayBeOneOfThem(Exception failure) =>
        failure is not SqliteFailure { IsBusy: true };

    protected override StoreException Explain(Exception failure) => failure is SqliteFailure known
        ? known.ToStoreException(Store)
        : new StoreException($"store {Store}: writing failed: {failure.Message}", failure);

    protected override void Release()
    {
        _tables.Dispose();
        _begin.Dispose();
        _commit.Dispose();
        _database.Dispose();
    }

    private static async Task<T> OutcomeAsync<T>(
        Write<T> write, CancellationToken cancellationToken)
    {
        await using var registration = cancellationToken.Register(
            () => write.Cancel(cancellationToken));
        return await write.Task;
    }

    private void Begin()
    {
        var start = Stopwatch.GetTimestamp();
        while (!_begin.RunUnlessBusy())
        {
            if (Stopwatch.GetElapsedTime(start) > _busyTimeout)
                throw SqliteFailure.Locked(_busyTimeout);
            Thread.Sleep(LookForLockEvery);
        }
    }
}
