using System.Text.Json.Serialization;
using NovaCow.Core.Hosting;

namespace NovaCow.Core.Scheduling;

/// <summary>
/// Something that happened in the cluster, for people and programs that follow it. Events with a
/// sequence number are in the journal's order and can be resumed after; those without pass once.
/// </summary>
[JsonDerivedType(typeof(InstanceChanged), "instance")]
[JsonDerivedType(typeof(InstanceProgressed), "instance-progress")]
[JsonDerivedType(typeof(DisksChanged), "disks")]
[JsonDerivedType(typeof(InstanceMoved), "move")]
[JsonDerivedType(typeof(PowerChanged), "power")]
[JsonDerivedType(typeof(HostChanged), "host")]
[JsonDerivedType(typeof(ImageChanged), "image")]
[JsonDerivedType(typeof(BaseChanged), "base")]
public abstract record ClusterEvent
{
    private ClusterEvent()
    {
    }

    /// <summary>Its place in the journal's order; null: it is not kept.</summary>
    public required long? Sequence { get; init; }

    /// <summary>When it happened, by the scheduler's clock.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>A launch reached a phase, or was moved to another host within one.</summary>
    /// <param name="Id">The instance.</param>
    /// <param name="Phase">The phase it is in now.</param>
    /// <param name="Host">The host that has it now.</param>
    /// <param name="Attempt">Which attempt this is.</param>
    /// <param name="Message">Why, where there is more to say than the phase.</param>
    public sealed record InstanceChanged(
        InstanceId Id, LaunchPhase Phase, HostId? Host, int Attempt, string? Message)
        : ClusterEvent;

    /// <summary>What a launch waits for came further; never kept.</summary>
    public sealed record InstanceProgressed(InstanceId Id, HostId Host, LaunchProgress Progress)
        : ClusterEvent;

    /// <summary>A change of an instance's disks reached a phase, or came further.</summary>
    /// <param name="Id">The instance.</param>
    /// <param name="Kind">What is done to its disks.</param>
    /// <param name="Phase">How far it is.</param>
    /// <param name="Message">What or why, where there is more to say than the phase.</param>
    public sealed record DisksChanged(
        InstanceId Id, ChangeKind Kind, ChangePhase Phase, string? Message) : ClusterEvent
    {
        /// <summary>How far, for one that came further; those are not kept.</summary>
        public ChangeProgress? Progress { get; init; }
    }

    /// <summary>A move of an instance to another host reached a phase.</summary>
    /// <param name="Id">The instance.</param>
    /// <param name="Phase">How far the move is.</param>
    /// <param name="Message">Where to or why, where there is more to say than the phase.</param>
    public sealed record InstanceMoved(InstanceId Id, MovePhase Phase, string? Message)
        : ClusterEvent;

    /// <summary>An instance's machine started, stopped or broke, by whomever; never kept, as the
    /// host knows.</summary>
    public sealed record PowerChanged(InstanceId Id, HostId Host, PowerInfo Power) : ClusterEvent;

    /// <summary>A host joined, went away, came back, was given another duty or was removed.
    /// </summary>
    public sealed record HostChanged(HostId Host, HostStatus Status, string Message) : ClusterEvent
    {
        /// <summary>What an operator lets it do now; null: that has not changed.</summary>
        public HostDuty? Duty { get; init; }

        /// <summary>Whether it was taken out of the cluster.</summary>
        public bool IsRemoved { get; init; }
    }

    /// <summary>The catalogue changed.</summary>
    /// <param name="Name">The image.</param>
    /// <param name="Registered">False: it was deleted.</param>
    public sealed record ImageChanged(ImageName Name, bool Registered) : ClusterEvent
    {
        /// <summary>What changed of its copies or versions; null: it was registered or deleted.
        /// </summary>
        public string? Message { get; init; }
    }

    /// <summary>A base changed on a host, or came further; never kept.</summary>
    public sealed record BaseChanged(HostId Host, BaseReport Base) : ClusterEvent;
}
