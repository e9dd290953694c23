namespace NovaCow.Images;

/// <summary>
/// Decides whether and when a fetch is tried again. Tries that brought real progress do not count
/// against the bound, so that a long download survives many broken connections.
/// </summary>
internal sealed class RetryBudget(HttpImageOptions options, Random random)
{
    private const long ProgressBytes = 1L << 20;

    private long _best;

    /// <summary>The tries since the last progress.</summary>
    public int Tries { get; private set; }

    /// <summary>The pause before the next try, or null if there is none.</summary>
    public TimeSpan? Next(long receivedBytes, TimeSpan? retryAfter)
    {
        Tries++;
        if (receivedBytes >= _best + ProgressBytes)
        {
            _best = receivedBytes;
            Tries = 1;
        }

        if (Tries >= options.MaxTries)
            return null;
        var doubled = options.FirstPause * Math.Pow(2, Math.Min(Tries - 1, 30));
        var pause = Shorter(doubled, options.LongestPause) * (0.5 + (random.NextDouble() / 2));
        return Shorter(retryAfter > pause ? retryAfter.Value : pause, options.LongestPause);
    }

    private static TimeSpan Shorter(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
