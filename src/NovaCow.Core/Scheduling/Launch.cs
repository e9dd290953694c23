namespace NovaCow.Core.Scheduling;

/// <summary>
/// One launch's whole state: immutable, changed only by <see cref="Apply"/>. What may happen next
/// is for <see cref="LaunchDecisions"/> to say.
/// </summary>
public sealed partial record Launch
{
    /// <summary>The instance.</summary>
    public required InstanceId Id { get; init; }

    /// <summary>What it is to become.</summary>
    public required LaunchSpec Spec { get; init; }

    /// <summary>How far it is.</summary>
    public required LaunchPhase Phase { get; init; }

    /// <summary>The host that has it or tries to; null while it waits.</summary>
    public HostId? Host { get; init; }

    /// <summary>How many times it was given to a host; the newest attempt's number.</summary>
    public int Attempt { get; init; }

    /// <summary>Why it went where it went.</summary>
    public string? PlacedBecause { get; init; }

    /// <summary>Hosts that failed at it, and are not tried again.</summary>
    public IReadOnlyList<HostId> FailedOn { get; init; } = [];

    /// <summary>Its disks, once it is committed.</summary>
    public IReadOnlyList<InstanceDisk> Disks { get; init; } = [];

    /// <summary>When it reached each phase.</summary>
    public required LaunchTimings Timings { get; init; }

    /// <summary>Why it failed, or why its last attempt ended.</summary>
    public LaunchError? Error { get; init; }

    /// <summary>Whether it ever was active: then its disks are a person's data.</summary>
    public bool WasActive() => Timings.ActiveAt is not null;

    /// <summary>The host whose capacity it holds; null: none.</summary>
    public HostId? Claims() =>
        Phase is LaunchPhase.Placed or LaunchPhase.Committed or LaunchPhase.Active
            or LaunchPhase.Deleting
            ? Host
            : null;

    /// <summary>The hosts that take no other of its group; none: any may. A committed instance that
    /// seems lost may be there again.</summary>
    public IEnumerable<HostId> HostsOfGroup() => this switch
    {
        { Spec.Group: null } => [],
        { Phase: LaunchPhase.Failed, Timings.CommittedAt: not null } => Concerned(),
        _ => Claimed(),
    };

    /// <summary>The hosts that it has to do with, or had.</summary>
    public IEnumerable<HostId> Concerned() =>
        Host is { } host ? Claimed().Append(host).Distinct() : Claimed();

    /// <summary>Whether its host has been asked for something and has not answered.</summary>
    public bool IsOpen() =>
        Phase is LaunchPhase.Placed or LaunchPhase.Committed or LaunchPhase.Deleting
            || IsChanging();

    /// <summary>Whether this attempt on this host is the one that counts.</summary>
    public bool IsAttempt(HostId host, int attempt) => Attempt == attempt && host == Host;

    /// <summary>The launch after an event; null before the first and after the last.</summary>
    public static Launch? Apply(Launch? launch, LaunchEvent happened) => happened switch
    {
        LaunchAccepted e => new Launch
        {
            Id = e.Id,
            Spec = e.Spec,
            Phase = LaunchPhase.Accepted,
            Timings = new LaunchTimings { AcceptedAt = e.At },
        },
        LaunchDeleted => null,
        _ when launch is null => throw new InvalidOperationException(
            $"instance {happened.Id}: {happened.GetType().Name} without LaunchAccepted; "
                + "the journal is not whole"),
        _ => launch.After(happened),
    };

    private Launch After(LaunchEvent happened) => happened switch
    {
        LaunchPlaced e => this with
        {
            Phase = LaunchPhase.Placed,
            Host = e.Host,
            Attempt = e.Fence.Attempt,
            PlacedBecause = e.Because,
            Timings = Timings with { PlacedAt = e.At },
        },
        AttemptEnded e => this with
        {
            Phase = LaunchPhase.Accepted,
            Host = null,
            PlacedBecause = null,
            Error = e.Error,
            FailedOn = e.HostFailed ? [.. FailedOn, e.Host] : FailedOn,
            Timings = Timings with { PlacedAt = null },
        },
        LaunchCommitted e => this with
        {
            Phase = LaunchPhase.Committed,
            Disks = e.Disks,
            GrownBytes = GrownBytes + Grown(e.Disks),
            Error = null,
            Timings = Timings with
            {
                CommittedAt = e.At,
                FailedAt = null,
                Preparation = e.Preparation ?? Timings.Preparation,
            },
        },
        LaunchActivated e => this with
        {
            Phase = LaunchPhase.Active,
            Timings = Timings with { ActiveAt = ActiveSince(e) },
        },
        LaunchFailed e => this with
        {
            Phase = LaunchPhase.Failed,
            Error = e.Error,
            Disks = e.IsUndone ? [] : Disks,
            GrownBytes = e.IsUndone ? 0 : GrownBytes,
            Timings = Timings with
            {
                FailedAt = e.At,
                CommittedAt = e.IsUndone ? null : Timings.CommittedAt,
            },
        },
        LaunchDeleting e => this with
        {
            Phase = LaunchPhase.Deleting,
            Timings = Timings with { DeletingAt = e.At },
        },
        ChangeAccepted e => After(e),
        ChangeCancelling => this with
        {
            Change = Change! with { Phase = ChangePhase.Cancelling },
        },
        ChangeEnded e => After(e),
        MoveAccepted e => After(e),
        MoveUndoing e => this with
        {
            Move = Move! with { Phase = MovePhase.Undoing, Error = e.Error },
        },
        MoveCommitted e => After(e),
        MoveEnded e => After(e),
        _ => throw new InvalidOperationException($"unknown event {happened.GetType().Name}"),
    };
}
