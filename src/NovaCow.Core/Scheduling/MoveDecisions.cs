namespace NovaCow.Core.Scheduling;

/// <summary>
/// The state machine of one move: Copying → Leaving → Done, or Copying → Undoing → Failed or
/// Cancelled. At every moment the instance is one host's: its old one's until the move is
/// committed, its new one's from then on. What the other one has is removed before the move ends,
/// unless that host is lost: then when it comes back.
/// </summary>
internal static class MoveDecisions
{
    /// <summary>Decides what a command does to a move under way.</summary>
    /// <returns>Null: it is nothing of the move's.</returns>
    public static LaunchDecision? Decide(
        Launch launch, LaunchCommand command, DateTimeOffset now)
    {
        if (launch.Move is not { } move || move.Other() is not { } other)
            return null;
        switch (command)
        {
            case LaunchCommand.Prepared c when other == new MoveEnd(c.Host, c.Attempt):
                return move.Phase == MovePhase.Copying
                    ? Happened(new MoveCommitted(launch.Id, move.Number, c.Disks, now))
                    : default(LaunchDecision);
            case LaunchCommand.AttemptFailed c when other == new MoveEnd(c.Host, c.Attempt):
                return Ended(launch, move.Error ?? c.Error, now);
            case LaunchCommand.Removed c when other == new MoveEnd(c.Host, c.Attempt):
                return Ended(launch, move.Error ?? Lost(launch, "removed what it had"), now);
            case LaunchCommand.Missing c when other.Host == c.Host:
                // What it has not begun it begins when it is asked again.
                return move.Phase == MovePhase.Copying
                    ? default(LaunchDecision)
                    : Ended(launch, move.Error, now);
            case LaunchCommand.HostGone c when other.Host == c.Host:
                // The old disks stay until the new ones are in use; and what may be the last ones
                // of a failed instance until it is deleted.
                if (move.Phase == MovePhase.Leaving
                    && launch.Phase is LaunchPhase.Committed or LaunchPhase.Failed)
                {
                    return default(LaunchDecision);
                }

                return Ended(launch, move.Error ?? Lost(launch, "was lost"), now);
            case LaunchCommand.HostRemoved c when other.Host == c.Host:
                return Ended(launch, move.Error ?? Lost(launch, "was removed"), now);
            case LaunchCommand.HostGone c
                when launch.Host == c.Host && move.Phase == MovePhase.Copying:
                return Undone(launch, new LaunchError(
                    LaunchErrorCode.NoValidHost,
                    $"instance {launch.Id}: host {c.Host}, which has its disks, was lost; it is "
                        + "still its own: move it when that host is back",
                    IsRetryable: true), now);
            case LaunchCommand.EndMove c when move.Phase == MovePhase.Copying:
                return Undone(launch, c.Error, now);
            // It is asked once the other host has nothing left.
            case LaunchCommand.Removed or LaunchCommand.Missing
                when launch.Phase == LaunchPhase.Deleting:
                return default(LaunchDecision);
            default:
                return null;
        }
    }

    private static LaunchError Lost(Launch launch, string what) => new(
        LaunchErrorCode.NoValidHost,
        $"instance {launch.Id}: host {launch.Move!.To.Host} {what} before it had the disks; the "
            + $"instance is on host {launch.Host} as before",
        IsRetryable: true);

    // The one that is left has succeeded, whatever its last word was.
    private static LaunchDecision Ended(Launch launch, LaunchError? error, DateTimeOffset now) =>
        Happened(new MoveEnded(
            launch.Id,
            launch.Move!.Number,
            launch.Move.Phase == MovePhase.Leaving ? null : error,
            now));

    private static LaunchDecision Undone(Launch launch, LaunchError error, DateTimeOffset now) =>
        Happened(new MoveUndoing(launch.Id, launch.Move!.Number, error, now));

    private static LaunchDecision Happened(LaunchEvent happened) =>
        new(happened, LaunchAnswer.None);
}
