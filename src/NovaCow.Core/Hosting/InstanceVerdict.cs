using System.Text.Json.Serialization;

namespace NovaCow.Core.Hosting;

/// <summary>What the scheduler makes of an instance that a host reported.</summary>
[JsonConverter(typeof(LowerCaseEnumConverter<Verdict>))]
public enum Verdict
{
    /// <summary>It stands; the host goes on with what it does.</summary>
    Stands,

    /// <summary>It is committed here: make it active and say so.</summary>
    Commit,

    /// <summary>It was moved, failed or deleted: undo it and say so.</summary>
    Discard,

    /// <summary>No launch accounts for it: leave it alone.</summary>
    Unknown,
}

/// <summary>What is to become of one instance on a host.</summary>
public sealed record InstanceVerdict(InstanceId Id, LaunchFence Fence, Verdict Verdict)
{
    /// <summary>Of one that is committed: whether it was active before.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool WasActive { get; init; }
}

/// <summary>What a host says when it connects: what it is, and what it has.</summary>
public sealed record HostFacts
{
    /// <summary>The host.</summary>
    public required HostId Host { get; init; }

    /// <summary>Unique to this life of the host's process.</summary>
    public required string Incarnation { get; init; }

    /// <summary>Its volume drivers' names, the one that launches get by default first.</summary>
    public required IReadOnlyList<string> Drivers { get; init; }

    /// <summary>What it can give.</summary>
    public required HostCapacity Capacity { get; init; }

    /// <summary>What its operator says of it, by name; at most
    /// <see cref="HostLabel.MaxPerHost"/>.</summary>
    public IReadOnlyList<HostLabel> Labels { get; init; } = [];

    /// <summary>Its own ratios; null: the cluster's.</summary>
    public HostOvercommit? Overcommit { get; init; }

    /// <summary>The bases it has, in whatever state.</summary>
    public required IReadOnlyList<BaseReport> Bases { get; init; }

    /// <summary>The instances it has, in whatever state.</summary>
    public required IReadOnlyList<HostedInstance> Instances { get; init; }

    /// <summary>How fast it works.</summary>
    public HostPaces Paces { get; init; } = HostPaces.Unknown;

    /// <summary>Where other hosts reach it; null: its instances cannot move, and none can come.
    /// </summary>
    public string? Address { get; init; }

    /// <summary>Where its store lies on a file system that other hosts have, too; null: it has it
    /// alone.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public SharedStore? SharedStore { get; init; }

    /// <summary>What runs its machines.</summary>
    public HypervisorCapabilities Hypervisor { get; init; } = HypervisorCapabilities.None;
}

/// <summary>What a host says of itself every few seconds.</summary>
/// <param name="Host">The host.</param>
/// <param name="Incarnation">The life of its process that says so.</param>
/// <param name="Usage">How its store is used.</param>
/// <param name="Counters">What it has done.</param>
/// <param name="Paces">How fast it works.</param>
public sealed record HostState(
    HostId Host, string Incarnation, HostUsage Usage, HostCounters Counters, HostPaces Paces);
