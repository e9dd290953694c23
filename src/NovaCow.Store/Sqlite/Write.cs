using NovaCow.Runtime.Persistence;

namespace NovaCow.Store.Sqlite;

/// <summary>A change that runs within the transaction of its group.</summary>
internal abstract class Write : QueuedWrite
{
    /// <summary>Makes the change, or remembers why the store refuses it.</summary>
    public abstract void Run(WriteTables tables);
}

/// <inheritdoc/>
internal sealed class Write<T>(Func<WriteTables, T> change) : Write
{
    private readonly TaskCompletionSource<T> _done =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private T? _result;
    private StoreException? _refusal;

    public Task<T> Task => _done.Task;

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

    protected override void OnCancelled(CancellationToken cancellationToken) =>
        _done.TrySetCanceled(cancellationToken);
}
