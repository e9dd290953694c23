using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>
/// A bounded set of threads for calls that wait for a disk, so that no thread of the pool, on which
/// the actors run, ever does. Threads start when needed and end with the store.
/// </summary>
internal sealed class StoreThreads : IDisposable
{
    /// <summary>Enough that clones made at once share the commits of a journal: on XFS 64 make
    /// twice as many a second as 16, on btrfs three times as many.</summary>
    public const int MaxThreads = 64;

    /// <summary>Calls that may wait for a thread before further ones are refused.</summary>
    public const int MaxQueued = 65_536;

    private const int StackBytes = 256 * 1024;

    private readonly Lock _gate = new();
    private readonly Queue<Action> _queue = new();
    private readonly SemaphoreSlim _ready = new(0);
    private int _threads;
    private int _idle;
    private bool _closed;

    public Task<T> RunAsync<T>(Func<T> work, CancellationToken cancellationToken)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Enqueue(() =>
        {
            if (cancellationToken.IsCancellationRequested)
            {
                done.SetCanceled(cancellationToken);
                return;
            }

            try
            {
                done.SetResult(work());
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        });
        return done.Task;
    }

    /// <summary>Lets the queued calls end, then the threads.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_closed)
                return;
            _closed = true;
        }

        _ready.Release(MaxThreads);
    }

    private void Enqueue(Action work)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            if (_queue.Count >= MaxQueued)
            {
                throw PortException.Retryable(
                    LaunchErrorCode.VolumeDriver,
                    $"the store has {MaxQueued} calls waiting for its disk; launch fewer at once");
            }

            _queue.Enqueue(work);
            if (_idle < _queue.Count && _threads < MaxThreads)
            {
                _threads++;
                _idle++;
                new Thread(Work, StackBytes) { IsBackground = true, Name = "store" }.Start();
            }
        }

        _ready.Release();
    }

    private void Work()
    {
        while (true)
        {
            _ready.Wait();
            Action? work;
            lock (_gate)
            {
                if (!_queue.TryDequeue(out work))
                    return;
                _idle--;
            }

            work();
            lock (_gate)
                _idle++;
        }
    }
}
