using NovaCow.Runtime.Persistence;

namespace NovaCow.Store;

/// <summary>
/// A writer of this process: a thread of its own that commits whatever waits in one transaction, so
/// that many callers share one sync of the disk. What arrives meanwhile is the next group. An
/// engine says how a group is committed.
/// </summary>
/// <param name="store">The store's name, for messages.</param>
internal abstract class GroupWriter<TWrite>(string store)
    where TWrite : QueuedWrite
{
    /// <summary>Writes that one transaction carries at most.</summary>
    private const int GroupLimit = 512;

    private readonly List<TWrite> _group = new(GroupLimit);
    private readonly TaskCompletionSource _ended =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    protected string Store { get; } = store;

    protected WriteQueue<TWrite> Queue { get; } = new(store);

    /// <summary>Begins to write. Call it once, when all is there that a commit needs.</summary>
    public void Start() =>
        new Thread(Work) { IsBackground = true, Name = "store writer" }.Start();

    /// <summary>Commits what waits, then ends the thread.</summary>
    public Task CloseAsync()
    {
        Queue.Close();
        return _ended.Task;
    }

    /// <summary>Runs and commits the writes in one transaction.</summary>
    /// <returns>Why nothing was committed, or nobody knows; null when it was.</returns>
    protected abstract Exception? TryCommit(IReadOnlyList<TWrite> group);

    /// <summary>Whether one write may have made the others fail, by being too large, say.
    /// </summary>
    protected abstract bool MayBeOneOfThem(Exception failure);

    protected abstract StoreException Explain(Exception failure);

    /// <param name="waited">Whether there was nothing to write before this group.</param>
    protected virtual void BeforeGroup(bool waited)
    {
    }

    /// <summary>Lets go of what the commits needed.</summary>
    protected virtual void Release()
    {
    }

    private void Work()
    {
        while (Queue.Take(_group, GroupLimit, out var waited))
        {
            BeforeGroup(waited);
            Commit(_group);
            _group.Clear();
        }
        Release();
        _ended.SetResult();
    }

    private void Commit(IReadOnlyList<TWrite> group)
    {
        if (TryCommit(group) is { } failure)
        {
            Recover(group, failure);
            return;
        }
        foreach (var write in group) write.Complete();
        StoreMetrics.Committed(group.Count);
    }

    /// <summary>Where one write may be the cause each gets its own transaction, and so its own
    /// outcome.</summary>
    private void Recover(IReadOnlyList<TWrite> group, Exception failure)
    {
        if (group.Count > 1 && MayBeOneOfThem(failure))
        {
            foreach (var write in group) Commit([write]);
            return;
        }
        var cause = Explain(failure);
        foreach (var write in group) write.Fail(cause);
    }
}
