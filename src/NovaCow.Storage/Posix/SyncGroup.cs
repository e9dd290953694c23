using System.Runtime.ExceptionServices;

namespace NovaCow.Storage;

/// <summary>
/// Syncs one busy directory for all who changed it: whoever comes while a sync runs shares the next
/// one. A failed sync fails everyone who shared it, and those after start afresh.
/// </summary>
internal sealed class SyncGroup(Action sync)
{
    private readonly Lock _gate = new();
    private readonly Lock _turn = new();
    private Batch? _open;

    /// <summary>Returns when a sync that began after this call has ended.</summary>
    public void Sync()
    {
        Batch batch;
        lock (_gate)
            batch = _open ??= new Batch();

        // The first of a batch to get its turn syncs for the rest, who find it done.
        lock (_turn)
        {
            if (!batch.Done)
                Run(batch);
        }

        if (batch.Error is not null)
            ExceptionDispatchInfo.Throw(batch.Error);
    }

    private void Run(Batch batch)
    {
        lock (_gate)
            _open = null;
        try
        {
            sync();
        }
        catch (Exception e)
        {
            batch.Error = e;
        }

        batch.Done = true;
    }

    private sealed class Batch
    {
        public bool Done { get; set; }

        public Exception? Error { get; set; }
    }
}
