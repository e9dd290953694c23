using NovaCow.Runtime.Persistence;

namespace NovaCow.Store;

/// <summary>
/// A change waiting for its turn with a <see cref="GroupWriter{TWrite}"/>. Its outcome is told only
/// when the transaction that carried it has been committed.
/// </summary>
internal abstract class QueuedWrite
{
    private int _state;

    /// <summary>Claims it for a group; false when its caller has cancelled it meanwhile.</summary>
    public bool TryTake() => Interlocked.CompareExchange(ref _state, 1, 0) == 0;

    /// <summary>Takes it back, unless a group has it already.</summary>
    public void Cancel(CancellationToken cancellationToken)
    {
        if (Interlocked.CompareExchange(ref _state, 2, 0) == 0) OnCancelled(cancellationToken);
    }

    /// <summary>Tells its caller the outcome, once that is durable.</summary>
    public abstract void Complete();

    public abstract void Fail(StoreException cause);

    protected abstract void OnCancelled(CancellationToken cancellationToken);
}
