using NovaCow.Runtime.Persistence;

namespace NovaCow.Store.Postgres;

/// <summary>Events of one caller, waiting for the next group.</summary>
internal sealed class Append(JournalAppend wanted) : QueuedWrite
{
    private readonly TaskCompletionSource _done =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    public JournalAppend Wanted { get; } = wanted;

    /// <summary>Why the store refuses it, as the last try found; null when it does not.</summary>
    public StoreException? Refusal { get; set; }

    public Task Task => _done.Task;

    public override void Complete()
    {
        if (Refusal is null) _done.TrySetResult();
        else _done.TrySetException(Refusal);
    }

    public override void Fail(StoreException cause) => _done.TrySetException(cause);

    protected override void OnCancelled(CancellationToken cancellationToken) =>
        _done.TrySetCanceled(cancellationToken);
}
