using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;

namespace NovaCow.Simulation;

/// <summary>The fleet, the images and the load that are simulated. Everything is drawn by the
/// seed, and is the same for every policy.</summary>
public sealed record SimulationSettings
{
    /// <summary>What all is drawn by.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Compute hosts.</summary>
    public int Hosts { get; init; } = 1_000;

    /// <summary>Images, with virtual sizes from 0.5 to 20 GiB, log-normal about 2 GiB.</summary>
    public int Images { get; init; } = 1_000;

    /// <summary>How long launches come, in minutes.</summary>
    public double Minutes { get; init; } = 60;

    /// <summary>How long of that is not measured, in minutes, at most a third: caches are empty at
    /// first.</summary>
    public double WarmUpMinutes { get; init; } = 20;

    /// <summary>The most launches; 0: as many as come in time.</summary>
    public int Launches { get; init; }

    /// <summary>The n-th image is launched as often as the first divided by n to the power of
    /// this.</summary>
    public double ZipfExponent { get; init; } = 1;

    /// <summary>The part of the fleet's memory, as it is promised, that single launches fill in
    /// the long run.</summary>
    public double Load { get; init; } = 0.4;

    /// <summary>How long a single launch lives on average, in minutes.</summary>
    public double LifetimeMinutes { get; init; } = 60;

    /// <summary>Launches of one image at one time, as a build farm asks for them.</summary>
    public int BurstLaunches { get; init; } = 500;

    /// <summary>The average time between bursts in a fleet of 1,000 hosts, in minutes; a larger
    /// fleet has more. 0: there are none.</summary>
    public double BurstEveryMinutes { get; init; } = 5;

    /// <summary>How long a launch of a burst lives on average, in minutes.</summary>
    public double BurstLifetimeMinutes { get; init; } = 10;

    /// <summary>The average time between new versions of an image that is launched as often as
    /// any, in minutes; 0: there are none.</summary>
    public double RolloutEveryMinutes { get; init; } = 10;

    /// <summary>How often a host fails in a day.</summary>
    public double FailuresPerHostDay { get; init; } = 0.5;

    /// <summary>How long a host that failed is away on average, in minutes.</summary>
    public double AwayMinutes { get; init; } = 5;

    /// <summary>Hosts for each source of images.</summary>
    public int HostsPerSource { get; init; } = 250;

    /// <summary>The uplink of a source, in bytes per second: 40 Gb/s.</summary>
    public double SourceBytesPerSecond { get; init; } = 5e9;

    /// <summary>The network of a middling host, in bytes per second: 10 Gb/s. A host has half of
    /// that, as much, or half as much again, and a fetch its share by <see cref="MaxBuilds"/>.
    /// </summary>
    public double HostBytesPerSecond { get; init; } = 1.25e9;

    /// <summary>Bases that a host makes at one time.</summary>
    public int MaxBuilds { get; init; } = 2;

    /// <summary>Virtual disk that a middling host writes of a base in a second, in bytes; hosts
    /// differ by up to a half.</summary>
    public double BuildBytesPerSecond { get; init; } = 400e6;

    /// <summary>What a middling host takes for an instance's disks, in seconds; hosts differ by up
    /// to a half.</summary>
    public double CloneSeconds { get; init; } = 0.01;

    /// <summary>What a host has for bases, in bytes.</summary>
    public long BaseStoreBytes { get; init; } = 200L << 30;

    /// <summary>How placement weighs, except its preference.</summary>
    public PlacementRules Placement { get; init; } = new();

    /// <summary>By what hosts evict.</summary>
    public EvictionRules Eviction { get; init; } = new();

    /// <summary>Why it cannot be simulated, and what to give; null: it can.</summary>
    public string? Problem() =>
        Hosts is < 1 or > 100_000 ? $"{Hosts} hosts: give 1 to 100000"
        : Images is < 1 or > 9_000 ? $"{Images} images: give 1 to 9000"
        : Launches < 0 ? $"{Launches} launches: give 1 or more"
        : Minutes is not (> 0 and <= 10_000) ? $"{Minutes} minutes: give up to 10000"
        : null;
}
