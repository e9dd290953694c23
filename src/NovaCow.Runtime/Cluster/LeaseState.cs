namespace NovaCow.Runtime.Cluster;

/// <summary>What a node knows of a lease and of its own part in it. Times are of its own clock.
/// </summary>
internal sealed record LeaseState
{
    /// <summary>The name of this life of this process; unique.</summary>
    public required string Self { get; init; }

    /// <summary>Counts this node's leaderships. Each has a holder's name of its own, so that
    /// a request of an earlier one, stalled and then executed, does not touch a later one.
    /// </summary>
    public int Term { get; init; } = 1;

    public LeasePhase Phase { get; init; }

    /// <summary>The epoch of the singleton that runs here, or ran here last.</summary>
    public long Epoch { get; init; }

    /// <summary>Until then nobody else can hold the lease, less the safety margin.</summary>
    public TimeSpan SafeUntil { get; init; }

    /// <summary>The request that is on its way; there is never more than one.</summary>
    public PendingAsk? Pending { get; init; }

    public int LastAsk { get; init; }

    public TimeSpan NextAskAt { get; init; }

    /// <summary>Before that time the lease is not wanted: the singleton failed here.</summary>
    public TimeSpan CoolUntil { get; init; }

    /// <summary>Failures of the singleton without a long enough success between them.</summary>
    public int Failures { get; init; }

    public TimeSpan LedSince { get; init; }

    /// <summary>The lease may be held by this node, which has no use for it.</summary>
    public bool MustRelease { get; init; }

    public bool StopRequested { get; init; }

    /// <summary>The last announcement.</summary>
    public LeaseAction.Announce Announced { get; init; } = new(0, null, false);

    public string Holder => $"{Self}/{Term}";

    /// <summary>When something is to be done though nothing happens.</summary>
    public TimeSpan WakeAt(LeaseTimings timings)
    {
        var ask = Pending is { } pending ? pending.At + timings.AskTimeout : NextAskAt;
        return Phase switch
        {
            LeasePhase.Leading => SafeUntil < ask ? SafeUntil : ask,
            LeasePhase.SteppingDown when Pending is null && MustRelease => TimeSpan.MaxValue,
            LeasePhase.Stopped => TimeSpan.MaxValue,
            _ => ask,
        };
    }
}

/// <summary>What the store was asked, and when.</summary>
internal sealed record PendingAsk(int Number, AskKind Kind, TimeSpan At);

/// <summary>What the store can be asked.</summary>
internal enum AskKind
{
    Read,
    Acquire,
    Release,
}
