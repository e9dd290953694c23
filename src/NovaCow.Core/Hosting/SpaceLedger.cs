namespace NovaCow.Core.Hosting;

/// <summary>
/// Promises room in a host's store to bases and copies before they are made, so that two of them
/// never count on the same free bytes, and keeps a margin that nothing may use up.
/// </summary>
/// <param name="marginBytes">Bytes of the file system that stay free.</param>
public sealed class SpaceLedger(long marginBytes)
{
    private readonly Dictionary<string, long> _reserved = [];

    /// <summary>Bytes that are promised and not yet given back.</summary>
    public long ReservedBytes { get; private set; }

    /// <summary>Promises room to a volume; a second promise to the same one replaces the first.
    /// </summary>
    /// <param name="volume">What names the base or the disk.</param>
    /// <param name="title">What to call it in an error.</param>
    /// <param name="bytes">The most that it needs while it is being made.</param>
    /// <param name="space">The store as it was measured just now.</param>
    /// <returns>Why not; null: it is promised.</returns>
    public LaunchError? Reserve(string volume, string title, long bytes, StoreSpace space)
    {
        Release(volume);
        var room = Room(space);
        if (bytes > room)
        {
            return new LaunchError(
                LaunchErrorCode.InsufficientStorage,
                $"{title}: needs {bytes} bytes in the store, which has room for "
                    + $"{Math.Max(0, room)} ({space.FreeBytes} free, {ReservedBytes} promised, "
                    + $"{marginBytes} kept free); delete instances or images there, or add storage",
                IsRetryable: true);
        }

        _reserved[volume] = bytes;
        ReservedBytes += bytes;
        return null;
    }

    /// <summary>Bytes that can still be promised; less than nothing when the margin is used.
    /// </summary>
    public long Room(StoreSpace space) => space.FreeBytes - marginBytes - ReservedBytes;

    /// <summary>Takes a promise back, kept or not; one that was never made is no error.</summary>
    public void Release(string volume)
    {
        if (_reserved.Remove(volume, out var bytes))
            ReservedBytes -= bytes;
    }

    /// <summary>Takes back every promise to a volume whose name begins so.</summary>
    public void ReleaseUnder(string prefix)
    {
        var under = _reserved.Keys.Where(v => v.StartsWith(prefix, StringComparison.Ordinal));
        foreach (var volume in under.ToList())
            Release(volume);
    }
}
