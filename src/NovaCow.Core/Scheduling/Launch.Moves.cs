namespace NovaCow.Core.Scheduling;

/// <summary>Moves of a launch to other hosts, once it is active.</summary>
public sealed partial record Launch
{
    /// <summary>The newest move, under way or ended; null: there was none.</summary>
    public LaunchMove? Move { get; init; }

    /// <summary>Whether a move is under way, or a host has still something to remove for one.
    /// </summary>
    public bool IsMoving() => Move?.IsOpen() == true;

    /// <summary>The hosts whose capacity it holds: its own, and while it moves the other.</summary>
    public IEnumerable<HostId> Claimed()
    {
        if (Claims() is { } own)
            yield return own;
        if (Move?.Other() is { } other)
            yield return other.Host;
    }

    /// <summary>Whether this host has been asked for something and has not answered.</summary>
    public bool IsOpenOn(HostId host) =>
        (Host == host && (IsOpen() || Move?.Phase == MovePhase.Copying))
            || Move?.Other()?.Host == host;

    // An attempt's number is never used again: hosts remember those that ended.
    internal int NextAttempt() => Math.Max(Attempt, Move?.To.Attempt ?? 0) + 1;

    private Launch After(MoveAccepted e) => this with
    {
        Move = new LaunchMove
        {
            Number = e.Number,
            From = new MoveEnd(Host!, Attempt),
            To = e.To,
            IsEvacuation = e.IsEvacuation,
            Because = e.Because,
            Phase = MovePhase.Copying,
            StartedAt = e.At,
            Failures = Move?.Failures ?? 0,
        },
    };

    private Launch After(MoveCommitted e) => this with
    {
        Phase = LaunchPhase.Committed,
        Host = Move!.To.Host,
        Attempt = Move.To.Attempt,
        PlacedBecause = Move.Because,
        Disks = e.Disks,
        Move = Move with { Phase = MovePhase.Leaving, CommittedAt = e.At },
    };

    private Launch After(MoveEnded e) => this with
    {
        Move = Move! with
        {
            Phase = LaunchMove.PhaseOf(e.Error),
            EndedAt = e.At,
            Error = e.Error,
            Failures = e.Error is null ? 0 : Move.Failures + 1,
        },
    };

    // It was active before it moved, and clients were told when.
    private DateTimeOffset ActiveSince(LaunchActivated e) =>
        Move?.CommittedAt > Timings.ActiveAt ? Timings.ActiveAt.Value : e.At;
}
