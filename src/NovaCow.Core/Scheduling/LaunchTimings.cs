namespace NovaCow.Core.Scheduling;

/// <summary>When a launch reached each phase, by the scheduler's clock.</summary>
public sealed record LaunchTimings
{
    /// <summary>When it was taken.</summary>
    public required DateTimeOffset AcceptedAt { get; init; }

    /// <summary>When its newest attempt was given to a host.</summary>
    public DateTimeOffset? PlacedAt { get; init; }

    /// <summary>When its disks were known to be ready, and it was committed.</summary>
    public DateTimeOffset? CommittedAt { get; init; }

    /// <summary>When it was known to be active.</summary>
    public DateTimeOffset? ActiveAt { get; init; }

    /// <summary>When it failed.</summary>
    public DateTimeOffset? FailedAt { get; init; }

    /// <summary>When its deletion was asked for.</summary>
    public DateTimeOffset? DeletingAt { get; init; }

    /// <summary>When nothing was left of it.</summary>
    public DateTimeOffset? DeletedAt { get; init; }

    /// <summary>What its host measured while it made the disks.</summary>
    public Preparation? Preparation { get; init; }
}

/// <summary>What a host measured while it made an instance's disks, by its own clock.</summary>
/// <param name="Warm">Whether every base was ready when the launch came.</param>
/// <param name="BaseWait">The longest that a disk waited for its base.</param>
/// <param name="Total">From the command to the durable record.</param>
public sealed record Preparation(bool Warm, TimeSpan BaseWait, TimeSpan Total);
