namespace NovaCow.Storage;

/// <summary>What a change does between two pieces of a disk: it reports, lets itself be cancelled,
/// waits for its turn, and gives up when somebody opens the disk.</summary>
internal sealed class Pace(
    ChangeThrottle throttle, IProgress<long>? progress, CancellationToken token)
{
    /// <param name="lease">What keeps others from the disk.</param>
    /// <param name="position">Bytes of the disk looked at so far.</param>
    /// <param name="bytes">How many of them had to be read for it since the last time.</param>
    public void Advance(DiskLease lease, long position, long bytes)
    {
        token.ThrowIfCancellationRequested();
        lease.Check();
        throttle.Pay(bytes, token);
        progress?.Report(position);
    }
}
