using System.Diagnostics;
using NovaCow.Runtime.Persistence;

namespace NovaCow.Store.Sqlite;

/// <summary>
/// The only writer of this process: a thread of its own that commits whatever waits in one
/// transaction, so that many callers share one sync of the disk. What arrives meanwhile is the
/// next group.
/// </summary>
internal sealed class GroupWriter
{
    /// <summary>Writes that wait at most; more callers wait for a place, not on a thread.
    /// </summary>
    public const int QueueLimit = 4_096;

    /// <summary>Writes that one transaction carries at most.</summary>
    public const int GroupLimit = 512;

    /// <summary>
    /// A writer that always has work lets go of the file for a moment every so often, or other
    /// processes, which look for the lock once in a while, would wait for seconds.
    /// </summary>
    private static readonly TimeSpan RestEvery = TimeSpan.FromMilliseconds(50);

    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(2);

    private static readonly TimeSpan LookForLockEvery = TimeSpan.FromMilliseconds(1);

    private readonly string _path;
    private readonly TimeSpan _busyTimeout;
    private readonly Database _database;
    private readonly WriteTables _tables;
    private readonly Statement _begin;
    private readonly Statement _commit;
    private readonly SemaphoreSlim _places = new(QueueLimit);
    private readonly object _gate = new();
    private readonly Queue<Write> _urgent = new();
    private readonly Queue<Write> _queue = new();
    private readonly List<Write> _group = new(GroupLimit);
    private readonly TaskCompletionSource _ended =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private bool _closed;
    private long _restedAt;

    public GroupWriter(string path, Database database, TimeSpan busyTimeout)
    {
        _path = path;
        _busyTimeout = busyTimeout;
        database.SetBusyTimeout(TimeSpan.Zero);
        _database = database;
        _begin = database.Prepare("BEGIN IMMEDIATE");
        _commit = database.Prepare("COMMIT");
        _tables = new WriteTables(database);
        new Thread(Work) { IsBackground = true, Name = "store writer" }.Start();
    }

    /// <summary>Runs a change in the next group and answers when that is durable.</summary>
    /// <remarks>Cancelling takes it back only while it waits in the queue.</remarks>
    public async Task<T> WriteAsync<T>(
        Func<WriteTables, T> change, CancellationToken cancellationToken)
    {
        await _places.WaitAsync(cancellationToken);
        return await EnqueueAsync(_queue, change, cancellationToken);
    }

    /// <summary>The same, before all that waits: a lease must not expire in a queue.</summary>
    public Task<T> WriteUrgentlyAsync<T>(
        Func<WriteTables, T> change, CancellationToken cancellationToken) =>
        EnqueueAsync(_urgent, change, cancellationToken);

    /// <summary>Commits what waits, then ends the thread.</summary>
    public Task CloseAsync()
    {
        lock (_gate)
        {
            _closed = true;
            Monitor.Pulse(_gate);
        }
        return _ended.Task;
    }

    private async Task<T> EnqueueAsync<T>(
        Queue<Write> queue, Func<WriteTables, T> change, CancellationToken cancellationToken)
    {
        var write = new Write<T>(change);
        lock (_gate)
        {
            if (_closed) throw new StoreException($"store {_path}: it was closed");
            queue.Enqueue(write);
            Monitor.Pulse(_gate);
        }
        await using var registration = cancellationToken.Register(
            () => write.Cancel(cancellationToken));
        return await write.Task;
    }

    private void Work()
    {
        while (TakeGroup())
        {
            if (Stopwatch.GetElapsedTime(_restedAt) > RestEvery)
            {
                Thread.Sleep(Rest);
                _restedAt = Stopwatch.GetTimestamp();
            }
            Commit(_group);
        }
        _tables.Dispose();
        _begin.Dispose();
        _commit.Dispose();
        _database.Dispose();
        _ended.SetResult();
    }

    /// <summary>Waits for writes; false when there will be no more.</summary>
    private bool TakeGroup()
    {
        _group.Clear();
        lock (_gate)
        {
            while (true)
            {
                while (_group.Count < GroupLimit && _urgent.TryDequeue(out var write)) Take(write);
                while (_group.Count < GroupLimit && _queue.TryDequeue(out var write))
                {
                    _places.Release();
                    Take(write);
                }
                if (_group.Count > 0) return true;
                if (_closed) return false;
                Monitor.Wait(_gate);
                _restedAt = Stopwatch.GetTimestamp();
            }
        }
    }

    private void Take(Write write)
    {
        if (write.TryTake()) _group.Add(write);
    }

    private void Commit(IReadOnlyList<Write> group)
    {
        if (TryCommit(group) is { } failure)
        {
            Recover(group, failure);
            return;
        }
        foreach (var write in group) write.Complete();
        StoreMetrics.Committed(group.Count);
    }

    private Exception? TryCommit(IReadOnlyList<Write> group)
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

    /// <summary>
    /// One write may have made the whole group fail, by being too large for what is left of the
    /// disk for one: each gets its own transaction, and so its own outcome.
    /// </summary>
    private void Recover(IReadOnlyList<Write> group, Exception failure)
    {
        if (group.Count > 1 && failure is not SqliteFailure { IsBusy: true })
        {
            foreach (var write in group) Commit([write]);
            return;
        }
        var cause = failure is SqliteFailure known
            ? known.ToStoreException(_path)
            : new StoreException($"store {_path}: writing failed: {failure.Message}", failure);
        foreach (var write in group) write.Fail(cause);
    }
}
