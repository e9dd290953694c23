using NovaCow.Runtime.Persistence;

namespace NovaCow.Store.Sqlite;

/// <summary>
/// A change waiting for its turn with the <see cref="GroupWriter"/>. Its outcome is told only when
/// the transaction that carried it has been committed.
/// </summary>
internal abstract class Write
{
    private int _state;

    /// <summary>Claims it for a group; false when its caller has cancelled it meanwhile.</summary>
    public bool TryTake() => Interlocked.CompareExchange(ref _state, 1, 0) == 0;

    /// <summary>Takes it out of the queue; false when a group has it already.</summary>
    protected bool TryCancel() => Interlocked.CompareExchange(ref _state, 2, 0) == 0;

    /// <summary>Makes the change, or remembers why the store refuses it.</summary>
    public abstract void Run(WriteTables tables);

    /// <summary>Tells its caller the outcome of the run.</summary>
    public abstract void Complete();

    public abstract void Fail(StoreException cause);
}

/// <inheritdoc/>
internal sealed class Write<T>(Func<WriteTables, T> change) : Write
{
    private readonly TaskCompletionSource<T> _done =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private T? _result;
    private StoreException? _refusal;

    public Task<T> Task => _done.Task;

    public void Cancel(CancellationToken cancellationToken)
    {
        if (TryCancel()) _done.TrySetCanceled(cancellationToken);
    }

    public override void Run(WriteTables tables)
    {
        _refusal = null;
        try
        {
            _result = change(tables);
        }
        catch (StoreException refusal)
        {
            _refusal = refusal;
        }
    }

    public override void Complete()
    {
        if (_refusal is null) _done.TrySetResult(_result!);
        else _done.TrySetException(_refusal);
    }

    public override void Fail(StoreException cause) => _done.TrySetException(cause);
}
