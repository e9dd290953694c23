using System.Text.Json.Serialization;

namespace NovaCow.Core.Scheduling;

/// <summary>How far a change of an instance's disks is.</summary>
[JsonConverter(typeof(LowerCaseEnumConverter<ChangePhase>))]
public enum ChangePhase
{
    /// <summary>Accepted and durable: its host does it, or will when it is back.</summary>
    Running,

    /// <summary>Its host is to give it up.</summary>
    Cancelling,

    /// <summary>The disks are as asked.</summary>
    Done,

    /// <summary>It failed; the disks are whole, and what they hold has not changed.</summary>
    Failed,

    /// <summary>It was given up; the disks are whole, and what they hold has not changed.
    /// </summary>
    Cancelled,
}

/// <summary>The newest change of an instance's disks; journaled, but for how far it is.</summary>
public sealed record LaunchChange
{
    /// <summary>Which of the instance's changes it is, from 1.</summary>
    public required int Number { get; init; }

    /// <summary>What is done.</summary>
    public required InstanceChange Change { get; init; }

    /// <summary>How far it is.</summary>
    public required ChangePhase Phase { get; init; }

    /// <summary>When it was accepted.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>When its end was known.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Why it did not succeed.</summary>
    public LaunchError? Error { get; init; }

    /// <summary>What the instance's disks took for themselves before and after.</summary>
    public ChangeBytes? Bytes { get; init; }

    /// <summary>Whether its host has not answered yet.</summary>
    public bool IsOpen() => Phase is ChangePhase.Running or ChangePhase.Cancelling;

    /// <summary>The phase of one that ended so.</summary>
    public static ChangePhase PhaseOf(LaunchError? error) => error switch
    {
        null => ChangePhase.Done,
        { Code: LaunchErrorCode.Cancelled } => ChangePhase.Cancelled,
        _ => ChangePhase.Failed,
    };
}

/// <summary>How far a running change is, by what its host said last.</summary>
/// <param name="DoneBytes">Bytes of the disks that were looked at.</param>
/// <param name="TotalBytes">Bytes of the disks in all.</param>
public sealed record ChangeProgress(long DoneBytes, long TotalBytes);

/// <summary>An instance's disks are to be changed. From here on the change is done, fails or is
/// cancelled, whatever crashes.</summary>
/// <param name="Id">The instance.</param>
/// <param name="Number">Which of its changes it is, from 1.</param>
/// <param name="Change">What is to be done.</param>
/// <param name="At">When it was decided.</param>
public sealed record ChangeAccepted(
    InstanceId Id, int Number, InstanceChange Change, DateTimeOffset At) : LaunchEvent(Id, At);

/// <summary>Somebody wants a change given up.</summary>
public sealed record ChangeCancelling(
    InstanceId Id, int Number, ChangeKind Kind, DateTimeOffset At) : LaunchEvent(Id, At);

/// <summary>A change ended.</summary>
/// <param name="Id">The instance.</param>
/// <param name="Number">Which of its changes.</param>
/// <param name="Kind">What it was.</param>
/// <param name="Error">Why it did not succeed; null: it did.</param>
/// <param name="Disks">All of the instance's disks as they are now; null: nothing is known but
/// what was known before.</param>
/// <param name="At">When that was known.</param>
public sealed record ChangeEnded(
    InstanceId Id,
    int Number,
    ChangeKind Kind,
    LaunchError? Error,
    IReadOnlyList<InstanceDisk>? Disks,
    DateTimeOffset At) : LaunchEvent(Id, At)
{
    /// <summary>What the disks took before and after, where that was measured.</summary>
    public ChangeBytes? Bytes { get; init; }

    /// <summary>The image that was made of a disk.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Image? Captured { get; init; }
}
