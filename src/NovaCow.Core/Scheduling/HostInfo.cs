using System.Text.Json.Serialization;
using NovaCow.Core.Hosting;

namespace NovaCow.Core.Scheduling;

/// <summary>Whether the scheduler can count on a host.</summary>
[JsonConverter(typeof(LowerCaseEnumConverter<HostStatus>))]
public enum HostStatus
{
    /// <summary>Connected: it takes launches.</summary>
    Up,

    /// <summary>Its link is down, within the grace; it takes no launches.</summary>
    Disconnected,

    /// <summary>Silent beyond the grace; its uncommitted launches were placed again.</summary>
    Unreachable,
}

/// <summary>What launches hold of a host, counted from the moment they are placed.</summary>
/// <param name="Launches">How many.</param>
/// <param name="VCpus">Virtual processors.</param>
/// <param name="MemoryBytes">Memory, in bytes.</param>
/// <param name="DiskBytes">Disks at their full size, in bytes.</param>
public readonly record struct Claims(int Launches, long VCpus, long MemoryBytes, long DiskBytes);

/// <summary>A host, as clients see it.</summary>
public sealed record HostInfo
{
    /// <summary>The host.</summary>
    public required HostId Id { get; init; }

    /// <summary>The life of its process that joined last.</summary>
    public string Incarnation { get; init; } = "";

    /// <summary>Whether it can be counted on.</summary>
    public required HostStatus Status { get; init; }

    /// <summary>Its volume drivers' names, the one that launches get by default first.</summary>
    public required IReadOnlyList<string> Drivers { get; init; }

    /// <summary>What it may do.</summary>
    public HostDuty Duty { get; init; }

    /// <summary>What is said of it, by name.</summary>
    public IReadOnlyList<HostLabel> Labels { get; init; } = [];

    /// <summary>What runs its machines; null: it has not said.</summary>
    public HypervisorCapabilities? Hypervisor { get; init; }

    /// <summary>What is promised of it beyond what it has.</summary>
    public OvercommitRatios Ratios { get; init; } = new(1, 1, 1);

    /// <summary>Where its store lies on a file system that other hosts have, too; null: nobody else
    /// finds it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public SharedStore? SharedStore { get; init; }

    /// <summary>What it can give, before overcommit.</summary>
    public required HostCapacity Capacity { get; init; }

    /// <summary>What launches hold of it.</summary>
    public required Claims Claims { get; init; }

    /// <summary>How its store is used; null until it has reported in this leader's time.</summary>
    public HostUsage? Usage { get; init; }

    /// <summary>What it has done since it started.</summary>
    public HostCounters? Counters { get; init; }

    /// <summary>Its base volumes.</summary>
    public required IReadOnlyList<BaseReport> Bases { get; init; }

    /// <summary>Instances on it that no launch accounts for: left alone, for a person to judge.
    /// </summary>
    public required IReadOnlyList<InstanceId> UnknownInstances { get; init; }

    /// <summary>When it last connected.</summary>
    public required DateTimeOffset JoinedAt { get; init; }

    /// <summary>When it was last heard; null before it was heard in this leader's time.</summary>
    public DateTimeOffset? LastSeenAt { get; init; }
}

/// <summary>A base volume and the host that has it.</summary>
public sealed record BaseInfo(HostId Host, BaseReport Base);
