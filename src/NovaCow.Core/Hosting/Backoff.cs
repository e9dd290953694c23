namespace NovaCow.Core.Hosting;

/// <summary>Pauses that double with each failure in a row, up to a bound, spread by jitter.
/// </summary>
/// <param name="First">The pause after the first failure.</param>
/// <param name="Longest">No pause is longer.</param>
public sealed record Backoff(TimeSpan First, TimeSpan Longest)
{
    /// <summary>The pause after so many failures in a row.</summary>
    /// <param name="failures">From 1.</param>
    /// <param name="jitter">0 to 1: where in the upper half of the pause it falls.</param>
    public TimeSpan After(int failures, double jitter)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(failures, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(jitter, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(jitter, 1);
        var doubled = First.TotalMilliseconds * Math.Pow(2, Math.Min(failures - 1, MaxDoublings));
        var bounded = Math.Min(doubled, Longest.TotalMilliseconds);
        return TimeSpan.FromMilliseconds(bounded * (0.5 + (jitter / 2)));
    }

    private const int MaxDoublings = 30;
}
