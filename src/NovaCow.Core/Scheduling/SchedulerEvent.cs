using System.Text.Json.Serialization;
using NovaCow.Core.Hosting;

namespace NovaCow.Core.Scheduling;

/// <summary>What the scheduler's journal holds: facts, each with the time it was decided.</summary>
/// <param name="At">When it was decided, by the leader's clock.</param>
public abstract record SchedulerEvent(DateTimeOffset At);

/// <summary>The journal begins: the cluster has an identity, by which hosts tell its instances from
/// those of another one.</summary>
/// <param name="Cluster">Random; never used again.</param>
/// <param name="At">When.</param>
public sealed record ClusterFounded(string Cluster, DateTimeOffset At) : SchedulerEvent(At);

/// <summary>The catalogue has an image.</summary>
public sealed record ImageRegistered(Image Image, DateTimeOffset At) : SchedulerEvent(At);

/// <summary>The catalogue lost an image.</summary>
public sealed record ImageDeleted(ImageName Name, DateTimeOffset At) : SchedulerEvent(At);

/// <summary>A host connected and said what it is.</summary>
public sealed record HostJoined(
    HostId Host, string Incarnation, string Driver, HostCapacity Capacity, DateTimeOffset At)
    : SchedulerEvent(At)
{
    /// <summary>All of its drivers, the default first.</summary>
    public IReadOnlyList<string> Drivers { get; init; } = [Driver];

    /// <summary>What is said of it, by name.</summary>
    public IReadOnlyList<HostLabel> Labels { get; init; } = [];

    /// <summary>Its own ratios; null: the cluster's.</summary>
    public HostOvercommit? Overcommit { get; init; }

    /// <summary>What runs its machines; null: nothing does.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public HypervisorCapabilities? Hypervisor { get; init; }

    /// <summary>Where its store lies, if on a file system that other hosts have, too: to be known
    /// when it is dead.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public SharedStore? SharedStore { get; init; }
}

/// <summary>A host was silent beyond its grace, or said that it stops.</summary>
public sealed record HostLost(HostId Host, DateTimeOffset At) : SchedulerEvent(At)
{
    /// <summary>Whether it said so itself.</summary>
    public bool HasLeft { get; init; }
}

/// <summary>A host reported an attempt that no launch stands behind. It changes no launch: written
/// so that only the leader can have an attempt discarded.</summary>
public sealed record AttemptDisowned(
    InstanceId Id, HostId Host, LaunchFence Fence, DateTimeOffset At) : SchedulerEvent(At);

/// <summary>A step in one launch's life.</summary>
public abstract record LaunchEvent(InstanceId Id, DateTimeOffset At) : SchedulerEvent(At);

/// <summary>The launch was taken.</summary>
public sealed record LaunchAccepted(InstanceId Id, LaunchSpec Spec, DateTimeOffset At)
    : LaunchEvent(Id, At);

/// <summary>The launch was given to a host.</summary>
public sealed record LaunchPlaced(
    InstanceId Id, HostId Host, LaunchFence Fence, string Because, DateTimeOffset At)
    : LaunchEvent(Id, At);

/// <summary>An attempt ended before its commit; the launch waits for a host again.</summary>
/// <param name="Id">The instance.</param>
/// <param name="Host">The host that the attempt was on.</param>
/// <param name="Attempt">Which attempt.</param>
/// <param name="Error">Why.</param>
/// <param name="HostFailed">Whether the host failed at it, and is not tried again.</param>
/// <param name="At">When.</param>
public sealed record AttemptEnded(
    InstanceId Id, HostId Host, int Attempt, LaunchError Error, bool HostFailed, DateTimeOffset At)
    : LaunchEvent(Id, At);

/// <summary>The launch belongs to its host for good.</summary>
public sealed record LaunchCommitted(
    InstanceId Id,
    HostId Host,
    int Attempt,
    IReadOnlyList<InstanceDisk> Disks,
    Preparation? Preparation,
    DateTimeOffset At) : LaunchEvent(Id, At);

/// <summary>The instance is active.</summary>
public sealed record LaunchActivated(InstanceId Id, HostId Host, int Attempt, DateTimeOffset At)
    : LaunchEvent(Id, At);

/// <summary>The launch failed for good.</summary>
public sealed record LaunchFailed(
    InstanceId Id, HostId? Host, int Attempt, LaunchError Error, DateTimeOffset At)
    : LaunchEvent(Id, At)
{
    /// <summary>Whether its host has undone what was committed there: then nothing is left of it,
    /// and nothing comes back.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsUndone { get; init; }
}

/// <summary>The instance is to be removed from its host.</summary>
public sealed record LaunchDeleting(InstanceId Id, HostId Host, int Attempt, DateTimeOffset At)
    : LaunchEvent(Id, At);

/// <summary>Nothing is left of the instance.</summary>
public sealed record LaunchDeleted(InstanceId Id, HostId? Host, int Attempt, DateTimeOffset At)
    : LaunchEvent(Id, At);
