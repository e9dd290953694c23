using NovaCow.Runtime.Persistence;

namespace NovaCow.Store;

/// <summary>
/// The writes that wait for one writing thread. It owns their order and the bounds on their number.
/// </summary>
/// <param name="store">The store's name, for messages.</param>
internal sealed class WriteQueue<TWrite>(string store)
    where TWrite : QueuedWrite
{
    /// <summary>Writes that wait at most; more callers wait for a place, not on a thread.
    /// </summary>
    private const int Limit = 4_096;

    private readonly SemaphoreSlim _places = new(Limit);
    private readonly object _gate = new();
    private readonly Queue<TWrite> _urgent = new();
    private readonly Queue<TWrite> _queue = new();
    private bool _closed;

    /// <summary>Waits for a place in the queue.</summary>
    /// <exception cref="StoreException">The store was closed.</exception>
    public async Task AddAsync(TWrite write, CancellationToken cancellationToken)
    {
        await _places.WaitAsync(cancellationToken);
        Add(_queue, write);
    }

    /// <summary>The same, at once and before all that waits.</summary>
    public void AddUrgently(TWrite write) => Add(_urgent, write);

    /// <summary>Waits for writes.</summary>
    /// <param name="group">Gets them.</param>
    /// <param name="limit">How many it takes at most.</param>
    /// <param name="waited">Whether there were none at first.</param>
    /// <returns>False when there will be no more.</returns>
    public bool Take(List<TWrite> group, int limit, out bool waited)
    {
        waited = false;
        lock (_gate)
        {
            while (true)
            {
                while (group.Count < limit && _urgent.TryDequeue(out var write)) Take(write, group);
                while (group.Count < limit && _queue.TryDequeue(out var write))
                {
                    _places.Release();
                    Take(write, group);
                }
                if (group.Count > 0) return true;
                if (_closed) return false;
                Monitor.Wait(_gate);
                waited = true;
            }
        }
    }

    /// <summary>Takes no more writes; those that wait are still taken out.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
            Monitor.Pulse(_gate);
        }
    }

    private static void Take(TWrite write, List<TWrite> group)
    {
        if (write.TryTake()) group.Add(write);
    }

    private void Add(Queue<TWrite> queue, TWrite write)
    {
        lock (_gate)
        {
            if (_closed) throw new StoreException($"store {store}: it was closed");
            queue.Enqueue(write);
            Monitor.Pulse(_gate);
        }
    }
}
