using NovaCow.Runtime.Persistence;

namespace NovaCow.Runtime.Cluster;

/// <summary>What a singleton's manager has to know.</summary>
public sealed record ClusterSingletonManagerSettings
{
    /// <summary>Where the lease is kept.</summary>
    public required IStore Store { get; init; }

    /// <summary>The name of the lease: one for each singleton.</summary>
    public required string Lease { get; init; }

    /// <summary>Who takes the lease, for people who read it there.</summary>
    public required string NodeName { get; init; }

    /// <summary>Where the singleton can be reached while it runs here.</summary>
    public required string Address { get; init; }

    /// <summary>The name of the singleton below its manager.</summary>
    public string SingletonName { get; init; } = "singleton";

    public LeaseTimings Timings { get; init; } = new();
}
