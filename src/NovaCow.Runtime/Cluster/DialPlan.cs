namespace NovaCow.Runtime.Cluster;

/// <summary>How often, and how soon, seeds are dialled.</summary>
public sealed record DialTimings
{
    /// <summary>The pause after all seeds have failed once.</summary>
    public TimeSpan MinBackoff { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The pause after they failed many times.</summary>
    public TimeSpan MaxBackoff { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Over how long those who lost the same leader spread their first attempts.
    /// </summary>
    public TimeSpan LossSpread { get; init; } = TimeSpan.FromMilliseconds(200);
}

/// <summary>
/// Which address is dialled next, and when: the seeds in turn, and whom a seed names as the
/// leader at once. Pure: every outcome gives the next plan.
/// </summary>
internal sealed record DialPlan(IReadOnlyList<Uri> Seeds)
{
    private int NextSeed { get; init; }

    /// <summary>Failures since the last success.</summary>
    public int Failures { get; init; }

    /// <summary>The named leader, to be dialled next.</summary>
    public Uri? Hint { get; init; }

    /// <summary>Hints followed in a row: two nodes that name each other must not be believed for
    /// ever.</summary>
    private int HintsFollowed { get; init; }

    private bool HasLostLeader { get; init; }

    /// <summary>The next attempt.</summary>
    /// <param name="timings">The pauses.</param>
    /// <param name="jitter">From 0 to 1, at random.</param>
    public (DialPlan Plan, Uri Address, TimeSpan Delay) Next(DialTimings timings, double jitter)
    {
        if (Hint is { } hint)
            return (this with { Hint = null }, hint, TimeSpan.Zero);
        var next = this with { NextSeed = (NextSeed + 1) % Seeds.Count, HasLostLeader = false };
        return (next, Seeds[NextSeed], Delay(timings, jitter));
    }

    /// <summary>The dialled node leads.</summary>
    public DialPlan Connected() => this with { Failures = 0, HintsFollowed = 0 };

    /// <summary>The dialled node did not answer, or names no leader.</summary>
    public DialPlan Failed() => this with { Failures = Failures + 1, HintsFollowed = 0 };

    /// <summary>The dialled node names another as the leader.</summary>
    public DialPlan Hinted(Uri leader) => HintsFollowed > Seeds.Count
        ? Failed()
        : this with { Hint = leader, HintsFollowed = HintsFollowed + 1 };

    /// <summary>The link to the leader ended.</summary>
    public DialPlan Lost() => this with { Failures = 0, HintsFollowed = 0, HasLostLeader = true };

    private TimeSpan Delay(DialTimings timings, double jitter)
    {
        if (HasLostLeader)
            return timings.LossSpread * jitter;
        // The first time round, each seed is tried at once.
        var rounds = Failures / Seeds.Count;
        if (rounds == 0 || Failures % Seeds.Count != 0)
            return TimeSpan.Zero;
        var backoff = timings.MinBackoff * Math.Pow(2, Math.Min(rounds - 1, 20));
        if (backoff > timings.MaxBackoff)
            backoff = timings.MaxBackoff;
        return backoff * (0.5 + (jitter / 2));
    }
}
