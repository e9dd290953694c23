namespace NovaCow.Core.Scheduling;

/// <summary>What may be said to a launch.</summary>
public abstract record LaunchCommand
{
    private LaunchCommand()
    {
    }

    /// <summary>A host was chosen.</summary>
    public sealed record Place(HostId Host, long Epoch, string Because) : LaunchCommand;

    /// <summary>A host made the disks of an attempt.</summary>
    public sealed record Prepared(
        HostId Host, int Attempt, IReadOnlyList<InstanceDisk> Disks, Preparation? Preparation)
        : LaunchCommand;

    /// <summary>A host could not, and left nothing.</summary>
    public sealed record AttemptFailed(HostId Host, int Attempt, LaunchError Error)
        : LaunchCommand;

    /// <summary>A host made the instance active.</summary>
    public sealed record Activated(HostId Host, int Attempt) : LaunchCommand;

    /// <summary>A host has nothing left of the instance.</summary>
    public sealed record Removed(HostId Host, int Attempt) : LaunchCommand;

    /// <summary>A host that said what it has does not have it.</summary>
    public sealed record Missing(HostId Host) : LaunchCommand;

    /// <summary>A host was silent beyond its grace.</summary>
    public sealed record HostGone(HostId Host) : LaunchCommand;

    /// <summary>A host is being drained.</summary>
    public sealed record HostDraining(HostId Host) : LaunchCommand;

    /// <summary>A host was taken out of the cluster, with what it held.</summary>
    public sealed record HostRemoved(HostId Host) : LaunchCommand;

    /// <summary>No host took it in its time.</summary>
    public sealed record Expire(LaunchError Error) : LaunchCommand;

    /// <summary>Somebody wants it gone.</summary>
    public sealed record Delete : LaunchCommand;

    /// <summary>A move to another host is not to go on.</summary>
    public sealed record EndMove(LaunchError Error) : LaunchCommand;
}

/// <summary>What the host that spoke is to be told.</summary>
public enum LaunchAnswer
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Make the disks.</summary>
    Prepare,

    /// <summary>It is yours: make it active.</summary>
    Commit,

    /// <summary>Remove what you have of it.</summary>
    Discard,

    /// <summary>Change its disks.</summary>
    Change,

    /// <summary>Give the change of its disks up.</summary>
    CancelChange,
}

/// <summary>A decision about one launch.</summary>
/// <param name="Event">What happened, if anything did.</param>
/// <param name="Answer">What its host is told, once the event is durable.</param>
public readonly record struct LaunchDecision(LaunchEvent? Event, LaunchAnswer Answer);

/// <summary>
/// The state machine of one launch: Accepted → Placed → Committed → Active, or Failed; Deleting →
/// Deleted. Until it is committed an attempt can be moved to another host, after that never. What
/// comes late, twice or from the wrong host changes nothing.
/// </summary>
public static class LaunchDecisions
{
    /// <summary>Decides what a command does to a launch.</summary>
    /// <param name="launch">The launch as it is.</param>
    /// <param name="command">What is said to it.</param>
    /// <param name="maxFailedHosts">The most hosts that it may fail on.</param>
    /// <param name="now">The time of what happens.</param>
    public static LaunchDecision Decide(
        Launch launch, LaunchCommand command, int maxFailedHosts, DateTimeOffset now) =>
        MoveDecisions.Decide(launch, command, now) ?? command switch
        {
            LaunchCommand.Place c => Place(launch, c, now),
            LaunchCommand.Prepared c => Prepared(launch, c, now),
            LaunchCommand.AttemptFailed c => AttemptFailed(launch, c, maxFailedHosts, now),
            LaunchCommand.Activated c => Activated(launch, c, now),
            LaunchCommand.Removed c => Removed(launch, c, now),
            LaunchCommand.Missing c => Missing(launch, c, now),
            LaunchCommand.HostGone c => Moved(
                launch, c.Host, "was lost before it had made the disks", now),
            LaunchCommand.HostDraining c => Moved(
                launch, c.Host, "was drained before it had made the disks", now),
            LaunchCommand.HostRemoved c => HostRemoved(launch, c, now),
            LaunchCommand.EndMove => default,
            LaunchCommand.Expire c => launch.Phase == LaunchPhase.Accepted
                ? Happened(new LaunchFailed(launch.Id, null, launch.Attempt, c.Error, now))
                : default,
            LaunchCommand.Delete => Delete(launch, now),
            _ => throw new InvalidOperationException($"unknown command {command}"),
        };

    private static LaunchDecision Place(Launch launch, LaunchCommand.Place c, DateTimeOffset now)
    {
        if (launch.Phase != LaunchPhase.Accepted)
            return default;
        var fence = new LaunchFence(c.Epoch, launch.Attempt + 1);
        return Happened(
            new LaunchPlaced(launch.Id, c.Host, fence, c.Because, now), LaunchAnswer.Prepare);
    }

    private static LaunchDecision Prepared(
        Launch launch, LaunchCommand.Prepared c, DateTimeOffset now)
    {
        if (!launch.IsAttempt(c.Host, c.Attempt))
            return Answered(LaunchAnswer.Discard);
        return launch.Phase switch
        {
            LaunchPhase.Placed => Committed(launch, c.Disks, c.Preparation, now),
            LaunchPhase.Failed when WasCommitted(launch) =>
                Committed(launch, c.Disks, c.Preparation, now),
            LaunchPhase.Committed or LaunchPhase.Active => Answered(LaunchAnswer.Commit),
            _ => Answered(LaunchAnswer.Discard),
        };
    }

    private static LaunchDecision AttemptFailed(
        Launch launch, LaunchCommand.AttemptFailed c, int maxFailedHosts, DateTimeOffset now)
    {
        if (!launch.IsAttempt(c.Host, c.Attempt))
            return default;
        var isUndone = IsStartThatFailed(launch, c.Error);
        switch (launch.Phase)
        {
            case LaunchPhase.Placed
                when c.Error.IsRetryable && launch.FailedOn.Count + 1 < maxFailedHosts:
                return Happened(new AttemptEnded(
                    launch.Id, c.Host, c.Attempt, c.Error, HostFailed: true, now));
            case LaunchPhase.Placed or LaunchPhase.Committed:
            // It seemed lost, as its host had undone it before it could say so.
            case LaunchPhase.Failed when isUndone:
                return Happened(new LaunchFailed(launch.Id, c.Host, c.Attempt, c.Error, now)
                {
                    IsUndone = isUndone,
                });
            case LaunchPhase.Deleting:
                return Happened(new LaunchDeleted(launch.Id, c.Host, c.Attempt, now));
            default:
                return default;
        }
    }

    private static LaunchDecision Activated(
        Launch launch, LaunchCommand.Activated c, DateTimeOffset now)
    {
        if (!launch.IsAttempt(c.Host, c.Attempt))
            return Answered(LaunchAnswer.Discard);
        return launch.Phase switch
        {
            LaunchPhase.Committed => Happened(
                new LaunchActivated(launch.Id, c.Host, c.Attempt, now)),
            LaunchPhase.Active => default,
            LaunchPhase.Failed when WasCommitted(launch) =>
                Committed(launch, launch.Disks, null, now),
            _ => Answered(LaunchAnswer.Discard),
        };
    }

    private static LaunchDecision Removed(
        Launch launch, LaunchCommand.Removed c, DateTimeOffset now) =>
        launch.Phase == LaunchPhase.Deleting && launch.IsAttempt(c.Host, c.Attempt)
            ? Happened(new LaunchDeleted(launch.Id, c.Host, c.Attempt, now))
            : default;

    private static LaunchDecision Missing(
        Launch launch, LaunchCommand.Missing c, DateTimeOffset now)
    {
        if (launch.Host == c.Host && launch.Phase == LaunchPhase.Placed)
            return Answered(LaunchAnswer.Prepare);
        var error = new LaunchError(
            LaunchErrorCode.VolumeDriver,
            $"instance {launch.Id}: host {c.Host} came back without its disks; if they "
                + "cannot be restored there, delete the instance and launch it again",
            IsRetryable: false);
        return Lost(launch, c.Host, error, now);
    }

    /// <summary>A host does not have what was committed there.</summary>
    private static LaunchDecision Lost(
        Launch launch, HostId host, LaunchError error, DateTimeOffset now) => launch.Phase switch
        {
            _ when launch.Host != host => default,
            LaunchPhase.Committed or LaunchPhase.Active => Happened(
                new LaunchFailed(launch.Id, host, launch.Attempt, error, now)),
            LaunchPhase.Deleting => Happened(
                new LaunchDeleted(launch.Id, host, launch.Attempt, now)),
            _ => default,
        };

    private static LaunchDecision Moved(
        Launch launch, HostId host, string why, DateTimeOffset now)
    {
        if (launch.Phase != LaunchPhase.Placed || launch.Host != host)
            return default;
        var error = new LaunchError(
            LaunchErrorCode.NoValidHost,
            $"instance {launch.Id}: host {host} {why}",
            IsRetryable: true);
        return Happened(new AttemptEnded(
            launch.Id, host, launch.Attempt, error, HostFailed: false, now));
    }

    private static LaunchDecision HostRemoved(
        Launch launch, LaunchCommand.HostRemoved c, DateTimeOffset now)
    {
        if (launch.Phase == LaunchPhase.Placed)
            return Moved(launch, c.Host, "was removed by force", now);
        var error = new LaunchError(
            LaunchErrorCode.NoValidHost,
            $"instance {launch.Id}: host {c.Host} was removed by force, with its disks; delete "
                + "the instance, or start the host again if it has them yet",
            IsRetryable: false);
        return Lost(launch, c.Host, error, now);
    }

    private static LaunchDecision Delete(Launch launch, DateTimeOffset now) => launch.Phase switch
    {
        // What was committed and failed later may have left something on its host.
        LaunchPhase.Failed when WasCommitted(launch) => Happened(
            new LaunchDeleting(launch.Id, launch.Host!, launch.Attempt, now),
            LaunchAnswer.Discard),
        LaunchPhase.Accepted or LaunchPhase.Failed => Happened(
            new LaunchDeleted(launch.Id, launch.Host, launch.Attempt, now)),
        LaunchPhase.Placed or LaunchPhase.Committed or LaunchPhase.Active => Happened(
            new LaunchDeleting(launch.Id, launch.Host!, launch.Attempt, now),
            LaunchAnswer.Discard),
        _ => default,
    };

    private static LaunchDecision Committed(
        Launch launch, IReadOnlyList<InstanceDisk> disks, Preparation? preparation,
        DateTimeOffset now) => Happened(
            new LaunchCommitted(
                launch.Id, launch.Host!, launch.Attempt, disks, preparation, now),
            LaunchAnswer.Commit);

    // A committed instance that seemed lost and is there after all is a person's data: it is
    // taken back, never discarded.
    private static bool WasCommitted(Launch launch) => launch.Timings.CommittedAt is not null;

    // Its host has undone disks that no guest has ever seen. One that was active before is a
    // person's data, whatever its host says.
    private static bool IsStartThatFailed(Launch launch, LaunchError error) =>
        launch is
        {
            Phase: LaunchPhase.Committed or LaunchPhase.Failed,
            Timings: { CommittedAt: not null, ActiveAt: null },
        } && error.Code == LaunchErrorCode.Hypervisor;

    private static LaunchDecision Happened(
        LaunchEvent happened, LaunchAnswer answer = LaunchAnswer.None) => new(happened, answer);

    private static LaunchDecision Answered(LaunchAnswer answer) => new(null, answer);
}
