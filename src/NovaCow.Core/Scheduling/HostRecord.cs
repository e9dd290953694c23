using System.Text.Json.Serialization;
using NovaCow.Core.Hosting;

namespace NovaCow.Core.Scheduling;

/// <summary>What the journal knows of a host.</summary>
/// <param name="Id">The host.</param>
/// <param name="Incarnation">The life of its process that joined last.</param>
/// <param name="Driver">The volume driver that launches get by default.</param>
/// <param name="Capacity">What it can give.</param>
/// <param name="JoinedAt">When it joined last.</param>
/// <param name="Lost">Whether it was silent beyond its grace since.</param>
public sealed record HostRecord(
    HostId Id,
    string Incarnation,
    string Driver,
    HostCapacity Capacity,
    DateTimeOffset JoinedAt,
    bool Lost)
{
    /// <summary>All of its volume drivers, the default first.</summary>
    public IReadOnlyList<string> Drivers { get; init; } = [Driver];

    /// <summary>What it may do.</summary>
    public HostDuty Duty { get; init; }

    /// <summary>What is said of it, by name.</summary>
    public IReadOnlyList<HostLabel> Labels { get; init; } = [];

    /// <summary>Its own ratios; null: the cluster's.</summary>
    public HostOvercommit? Overcommit { get; init; }

    /// <summary>What runs its machines, as it said last.</summary>
    public HypervisorCapabilities Hypervisor { get; init; } = HypervisorCapabilities.None;

    /// <summary>Where its store lies, if on a file system that other hosts have, too.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public SharedStore? SharedStore { get; init; }
}
