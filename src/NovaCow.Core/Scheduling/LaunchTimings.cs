namespace NovaCow.Core.Scheduling;

/// <summary>When a launch reached each phase, by the scheduler's clock. Kept as ticks of universal
/// time: a leader holds one of these for each instance there is.</summary>
public sealed record LaunchTimings
{
    private readonly long _acceptedAt;
    private readonly long _placedAt;
    private readonly long _committedAt;
    private readonly long _activeAt;
    private readonly long _failedAt;
    private readonly long _deletingAt;
    private readonly long _deletedAt;

    /// <summary>When it was taken.</summary>
    public required DateTimeOffset AcceptedAt
    {
        get => new(_acceptedAt, TimeSpan.Zero);
        init => _acceptedAt = value.UtcTicks;
    }

    /// <summary>When its newest attempt was given to a host.</summary>
    public DateTimeOffset? PlacedAt
    {
        get => Moment(_placedAt);
        init => _placedAt = Ticks(value);
    }

    /// <summary>When its disks were known to be ready, and it was committed.</summary>
    public DateTimeOffset? CommittedAt
    {
        get => Moment(_committedAt);
        init => _committedAt = Ticks(value);
    }

    /// <summary>When it was known to be active.</summary>
    public DateTimeOffset? ActiveAt
    {
        get => Moment(_activeAt);
        init => _activeAt = Ticks(value);
    }

    /// <summary>When it failed.</summary>
    public DateTimeOffset? FailedAt
    {
        get => Moment(_failedAt);
        init => _failedAt = Ticks(value);
    }

    /// <summary>When its deletion was asked for.</summary>
    public DateTimeOffset? DeletingAt
    {
        get => Moment(_deletingAt);
        init => _deletingAt = Ticks(value);
    }

    /// <summary>When nothing was left of it.</summary>
    public DateTimeOffset? DeletedAt
    {
        get => Moment(_deletedAt);
        init => _deletedAt = Ticks(value);
    }

    /// <summary>What its host measured while it made the disks.</summary>
    public Preparation? Preparation { get; init; }

    private static DateTimeOffset? Moment(long ticks) =>
        ticks == 0 ? null : new DateTimeOffset(ticks, TimeSpan.Zero);

    private static long Ticks(DateTimeOffset? at) => at?.UtcTicks ?? 0;
}

/// <summary>What a host measured while it made an instance's disks, by its own clock.</summary>
/// <param name="Warm">Whether every base was ready when the launch came.</param>
/// <param name="BaseWait">The longest that a disk waited for its base.</param>
/// <param name="Total">From the command to the durable record.</param>
public sealed record Preparation(bool Warm, TimeSpan BaseWait, TimeSpan Total);
