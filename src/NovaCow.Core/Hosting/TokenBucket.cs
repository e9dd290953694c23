namespace NovaCow.Core.Hosting;

/// <summary>Holds work to a rate: what was used too soon is paid for by waiting. Pure, with time as
/// an argument.</summary>
/// <param name="bytesPerSecond">The rate.</param>
/// <param name="burstBytes">What may be used at once after a pause.</param>
public sealed class TokenBucket(long bytesPerSecond, long burstBytes)
{
    private double _tokens = burstBytes;
    private TimeSpan _at;

    /// <summary>Uses bytes, even those that there are not yet.</summary>
    /// <param name="bytes">How many.</param>
    /// <param name="now">A time that never goes back, from any beginning.</param>
    /// <returns>How long to wait before anything more is used.</returns>
    public TimeSpan Take(long bytes, TimeSpan now)
    {
        var passed = Math.Max(0, (now - _at).TotalSeconds);
        _at = now > _at ? now : _at;
        _tokens = Math.Min(burstBytes, _tokens + (passed * bytesPerSecond)) - bytes;
        return _tokens >= 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(-_tokens / bytesPerSecond);
    }
}
