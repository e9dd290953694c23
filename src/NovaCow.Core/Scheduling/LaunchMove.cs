using System.Text.Json.Serialization;

namespace NovaCow.Core.Scheduling;

/// <summary>How far a move of an instance to another host is.</summary>
[JsonConverter(typeof(LowerCaseEnumConverter<MovePhase>))]
public enum MovePhase
{
    /// <summary>Accepted and durable: the other host fetches the disks. The instance is its old
    /// host's.</summary>
    Copying,

    /// <summary>It ended without success: the other host is to remove what it has. The instance is
    /// its old host's.</summary>
    Undoing,

    /// <summary>The instance is its new host's; the old one is to remove what it has.</summary>
    Leaving,

    /// <summary>The instance is on its new host, and nowhere else.</summary>
    Done,

    /// <summary>It failed; the instance is where it was, whole.</summary>
    Failed,

    /// <summary>It was given up; the instance is where it was, whole.</summary>
    Cancelled,
}

/// <summary>The newest move of an instance; journaled, but for how far its bytes are.</summary>
public sealed record LaunchMove
{
    /// <summary>Which of the instance's moves it is, from 1.</summary>
    public required int Number { get; init; }

    /// <summary>The host that it leaves, and the attempt by which that has it.</summary>
    public required MoveEnd From { get; init; }

    /// <summary>The host that it goes to, and the attempt by which that gets it.</summary>
    public required MoveEnd To { get; init; }

    /// <summary>Why it goes there.</summary>
    public required string Because { get; init; }

    /// <summary>Whether the host that it leaves is dead, and the new one reads the disks from that
    /// one's store.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsEvacuation { get; init; }

    /// <summary>How far it is.</summary>
    public required MovePhase Phase { get; init; }

    /// <summary>When it was accepted.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>When the instance became its new host's.</summary>
    public DateTimeOffset? CommittedAt { get; init; }

    /// <summary>When its end was known.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Why it did not succeed.</summary>
    public LaunchError? Error { get; init; }

    /// <summary>How many moves of the instance, up to this one, failed one after another.</summary>
    public int Failures { get; init; }

    /// <summary>Whether a host has still something to do for it.</summary>
    public bool IsOpen() => Phase is MovePhase.Copying or MovePhase.Undoing or MovePhase.Leaving;

    /// <summary>The phase of one that ended so.</summary>
    public static MovePhase PhaseOf(LaunchError? error) => error switch
    {
        null => MovePhase.Done,
        { Code: LaunchErrorCode.Cancelled } => MovePhase.Cancelled,
        _ => MovePhase.Failed,
    };

    /// <summary>The host that holds something of the instance, which is not its own: the new one
    /// until the move is committed, the old one from then on. Null: it has ended.</summary>
    public MoveEnd? Other() => Phase switch
    {
        MovePhase.Copying or MovePhase.Undoing => To,
        MovePhase.Leaving => From,
        _ => null,
    };
}

/// <summary>One of the two hosts of a move.</summary>
/// <param name="Host">The host.</param>
/// <param name="Attempt">The attempt by which it has the instance.</param>
public sealed record MoveEnd(HostId Host, int Attempt);

/// <summary>Where a client wants an instance to be.</summary>
/// <param name="To">The host; null: one that is chosen.</param>
/// <param name="From">The host to leave: on any other the instance stays, so that a request that
/// comes twice moves it once. Null: the one it is on.</param>
public sealed record MoveRequest(HostId? To, HostId? From);

/// <summary>An instance is to go to another host. From here on it is moved, or stays, whatever
/// crashes; and holds room on both.</summary>
/// <param name="Id">The instance.</param>
/// <param name="Number">Which of its moves, from 1.</param>
/// <param name="To">Where it goes, and the attempt by which that host gets it.</param>
/// <param name="Because">Why there.</param>
/// <param name="At">When it was decided.</param>
public sealed record MoveAccepted(
    InstanceId Id, int Number, MoveEnd To, string Because, DateTimeOffset At)
    : LaunchEvent(Id, At)
{
    /// <summary>Whether the host that it leaves is dead.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsEvacuation { get; init; }
}

/// <summary>A move will not succeed; its target is to remove what it has.</summary>
public sealed record MoveUndoing(InstanceId Id, int Number, LaunchError Error, DateTimeOffset At)
    : LaunchEvent(Id, At);

/// <summary>The instance is its new host's, whose disks are durable; from here on the old host's
/// are leftovers.</summary>
/// <param name="Id">The instance.</param>
/// <param name="Number">Which of its moves.</param>
/// <param name="Disks">All of its disks as the new host has them.</param>
/// <param name="At">When.</param>
public sealed record MoveCommitted(
    InstanceId Id, int Number, IReadOnlyList<InstanceDisk> Disks, DateTimeOffset At)
    : LaunchEvent(Id, At);

/// <summary>A move ended: the instance is on one host, and the other has nothing of it, or is lost
/// and removes it when it comes back.</summary>
/// <param name="Id">The instance.</param>
/// <param name="Number">Which of its moves.</param>
/// <param name="Error">Why it did not succeed; null: it did.</param>
/// <param name="At">When that was known.</param>
public sealed record MoveEnded(InstanceId Id, int Number, LaunchError? Error, DateTimeOffset At)
    : LaunchEvent(Id, At);
