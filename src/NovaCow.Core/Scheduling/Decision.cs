using NovaCow.Core.Hosting;

namespace NovaCow.Core.Scheduling;

/// <summary>
/// What the scheduler decided on one command: events, already in its state, that are to be made
/// durable; and effects, to be carried out in order once they are.
/// </summary>
public sealed class Decision
{
    /// <summary>To be journaled, all or none.</summary>
    public List<SchedulerEvent> Events { get; } = [];

    /// <summary>To be carried out after that, in order.</summary>
    public List<SchedulerEffect> Effects { get; } = [];

    /// <summary>Why the command was not taken; then there are no events.</summary>
    public RequestError? Refusal { get; private init; }

    /// <summary>The instances that the command was about, as the decision leaves them.</summary>
    public List<InstanceInfo> Instances { get; } = [];

    /// <summary>A refusal.</summary>
    public static Decision Refuse(RequestError why) => new() { Refusal = why };

    /// <summary>A refusal.</summary>
    public static Decision Refuse(RequestErrorCode code, string message) =>
        new() { Refusal = new RequestError(code, message) };
}

/// <summary>Something to do once a decision is durable.</summary>
public abstract partial record SchedulerEffect
{
    private SchedulerEffect()
    {
    }

    /// <summary>Tell a host to make an instance's disks.</summary>
    public sealed record Prepare(HostId Host, InstanceId Id, LaunchFence Fence, LaunchSpec Spec)
        : SchedulerEffect;

    /// <summary>Tell a host that an instance is its own.</summary>
    public sealed record Commit(HostId Host, InstanceId Id, LaunchFence Fence) : SchedulerEffect
    {
        /// <summary>Whether it was active before: then its disks are a person's data.</summary>
        public bool WasActive { get; init; }
    }

    /// <summary>Tell a host to remove an instance.</summary>
    public sealed record Discard(HostId Host, InstanceId Id, LaunchFence Fence) : SchedulerEffect;

    /// <summary>Tell a host to change an instance's disks.</summary>
    public sealed record Change(
        HostId Host, InstanceId Id, LaunchFence Fence, int Number, InstanceChange What)
        : SchedulerEffect;

    /// <summary>Tell a host to give a change up.</summary>
    public sealed record CancelChange(
        HostId Host, InstanceId Id, LaunchFence Fence, int Number, ChangeKind Kind)
        : SchedulerEffect;

    /// <summary>Ask a host to lend the disks of an instance that is to leave it.</summary>
    public sealed record Offer(HostId Host, InstanceId Id, LaunchFence Fence, int Number)
        : SchedulerEffect;

    /// <summary>Tell a host to lend them no longer.</summary>
    public sealed record Withdraw(HostId Host, InstanceId Id, LaunchFence Fence, int Number)
        : SchedulerEffect;

    /// <summary>Tell a host to take an instance of another host over.</summary>
    public sealed record Receive(
        HostId Host, InstanceId Id, LaunchFence Fence, LaunchSpec Spec, MoveOrder Order)
        : SchedulerEffect;

    /// <summary>Answer a host's hello.</summary>
    public sealed record Welcome(HostId Host, IReadOnlyList<InstanceVerdict> Verdicts)
        : SchedulerEffect
    {
        /// <summary>What of its bases it is to keep.</summary>
        public KeptBases Kept { get; init; } = KeptBases.None;
    }

    /// <summary>Ask a host to say hello.</summary>
    public sealed record SayHello(HostId Host) : SchedulerEffect;

    /// <summary>A launch is active, failed or deleted: tell those who wait.</summary>
    public sealed record Settled(InstanceInfo Instance) : SchedulerEffect;

    /// <summary>A machine is not as it was: tell those who follow.</summary>
    public sealed record PowerSeen(
        HostId Host, InstanceId Id, PowerInfo Power, DateTimeOffset At) : SchedulerEffect;

    /// <summary>A change or a move ended: tell those who wait.</summary>
    public sealed record ChangeSettled(InstanceInfo Instance) : SchedulerEffect;
}
