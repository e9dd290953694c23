namespace NovaCow.Images;

/// <summary>
/// Makes a growing file durable every so many bytes, beside its writer, so that the disk works
/// while bytes still arrive and the last sync is short. At most one runs at a time.
/// </summary>
/// <param name="everyBytes">The bytes between two of them.</param>
/// <param name="take">Makes durable what is written when it is called.</param>
internal sealed class Checkpoints(long everyBytes, Func<Task> take)
{
    public const long DefaultBytes = 64L << 20;

    private Task _running = Task.CompletedTask;
    private long _takenBytes;

    /// <summary>Starts one if enough was written since the last, whose failure is thrown.</summary>
    public async ValueTask TakeIfDueAsync(long writtenBytes)
    {
        if (!_running.IsCompleted || writtenBytes - _takenBytes < everyBytes)
            return;
        await _running;
        _takenBytes = writtenBytes;
        _running = take();
    }

    /// <summary>Waits for the one that runs, if any, and throws its failure.</summary>
    public Task FinishAsync() => _running;

    /// <summary>So much of the file is known to be durable.</summary>
    public void StartFrom(long durableBytes) => _takenBytes = durableBytes;
}
