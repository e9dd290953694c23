using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;
using NovaCow.Runtime.Actors;
using NovaCow.Storage;

namespace NovaCow.Node.Settings;

/// <summary>What a node is told to be; read from HOCON by <see cref="SettingsReader"/>.</summary>
public sealed record NodeSettings
{
    /// <summary>Whether it serves the API and may lead.</summary>
    public required bool IsControl { get; init; }

    /// <summary>Whether it keeps disks.</summary>
    public required bool IsHost { get; init; }

    /// <summary>Its name in the cluster.</summary>
    public required HostId Name { get; init; }

    /// <summary>The least severe log line that is written.</summary>
    public required LogLevel LogLevel { get; init; }

    /// <summary>Where the API listens.</summary>
    public required Uri Listen { get; init; }

    /// <summary>How other nodes reach it.</summary>
    public required Uri Advertise { get; init; }

    /// <summary>Certificates; null: everything is plain and open.</summary>
    public required TlsSettings? Tls { get; init; }

    /// <summary>The control role.</summary>
    public required ControlSettings Control { get; init; }

    /// <summary>The host role.</summary>
    public required HostSettings Host { get; init; }

    /// <summary>Images, for both roles.</summary>
    public required ImageSettings Images { get; init; }

    /// <summary>Size classes beside the built-in ones, or in their place.</summary>
    public required IReadOnlyList<Flavor> Flavors { get; init; }
}

/// <summary>The control role: API, scheduler, store.</summary>
public sealed record ControlSettings
{
    /// <summary>The SQLite file or the PostgreSQL database.</summary>
    public required StoreSettings Store { get; init; }

    /// <summary>The lease's time to live.</summary>
    public required TimeSpan Lease { get; init; }

    /// <summary>How long a silent host keeps its uncommitted launches.</summary>
    public required TimeSpan HostGrace { get; init; }

    /// <summary>How long a launch may wait for a host.</summary>
    public required TimeSpan LaunchDeadline { get; init; }

    /// <summary>The most launches that may wait for a host.</summary>
    public required int MaxWaiting { get; init; }

    /// <summary>The most launches of one project that may wait; null is no bound of its own.
    /// </summary>
    public required int? MaxWaitingPerProject { get; init; }

    /// <summary>How many times a launch is placed before it fails.</summary>
    public required int MaxAttempts { get; init; }

    /// <summary>Where images are looked at while they are registered.</summary>
    public required string StagingPath { get; init; }

    /// <summary>What flavors leave to an image's operating system.</summary>
    public required EphemeralFileSystems EphemeralFileSystems { get; init; }

    /// <summary>By what placement prefers a host.</summary>
    public required PlacementPreference Prefer { get; init; }

    /// <summary>How much waiting a full host is worse by than an empty one.</summary>
    public required TimeSpan Crowding { get; init; }

    /// <summary>Copies of images that are being made ahead: from one host, and from one source.
    /// </summary>
    public required (int PerHost, int PerSource) Precache { get; init; }

    /// <summary>What may be promised beyond what a host has: processors, memory, disk.</summary>
    public required (double VCpus, double Memory, double Disk) Overcommit { get; init; }
}

/// <summary>The host role: the store and what it offers.</summary>
public sealed record HostSettings
{
    /// <summary>The control nodes.</summary>
    public required IReadOnlyList<Uri> Seeds { get; init; }

    /// <summary>The host's store.</summary>
    public required string StorePath { get; init; }

    /// <summary>The file system that the store shares with other hosts'; null: none.</summary>
    public required SharedStoreSettings? SharedStore { get; init; }

    /// <summary>The volume driver of launches that name none.</summary>
    public required string Driver { get; init; }

    /// <summary>The thin pool, where the driver is lvm-thin; else null.</summary>
    public required LvmThinOptions? Lvm { get; init; }

    /// <summary>Whose the disks' files are; null: this process's user's.</summary>
    public required DiskOwner? DiskOwner { get; init; }

    /// <summary>What runs the machines.</summary>
    public required HypervisorSettings Hypervisor { get; init; }

    /// <summary>Folders of other systems' instances that may be adopted.</summary>
    public required IReadOnlyList<string> Adopt { get; init; }

    /// <summary>Processors it offers; null is what the machine has.</summary>
    public required int? VCpus { get; init; }

    /// <summary>Memory it offers in bytes; null is what the machine has.</summary>
    public required long? MemoryBytes { get; init; }

    /// <summary>What is said of it, by name.</summary>
    public required IReadOnlyList<HostLabel> Labels { get; init; }

    /// <summary>What may be promised of it beyond what it has; null is the cluster's.</summary>
    public required HostOvercommit? Overcommit { get; init; }

    /// <summary>Bases that are made at one time.</summary>
    public required int MaxBuilds { get; init; }

    /// <summary>Bases that are fetched from one source at one time.</summary>
    public required int MaxFetchesPerSource { get; init; }

    /// <summary>Bytes that bases may take; null is as many as there is room for.</summary>
    public required long? CacheBudgetBytes { get; init; }

    /// <summary>Instances whose disks are changed at one time.</summary>
    public required int MaxChanges { get; init; }

    /// <summary>Bytes of disks that changes look at a second; null is no limit.</summary>
    public required long? ChangeBytesPerSecond { get; init; }

    /// <summary>Free bytes that no base may take.</summary>
    public required long ReserveBytes { get; init; }

    /// <summary>The most launches that may wait for one base.</summary>
    public required int MaxWaiters { get; init; }

    /// <summary>How often usage is reported.</summary>
    public required TimeSpan Report { get; init; }

    /// <summary>How fast bases are read to be verified, in bytes per second.</summary>
    public required long ScrubRate { get; init; }

    /// <summary>How often every base is verified; null is on order only.</summary>
    public required TimeSpan? ScrubEvery { get; init; }

    /// <summary>How often all disks are measured.</summary>
    public required TimeSpan MeasureEvery { get; init; }

    /// <summary>The user that tools open images as, when the node runs as root.</summary>
    public required uint SandboxUid { get; init; }

    /// <summary>The group that tools open images as, when the node runs as root.</summary>
    public required uint SandboxGid { get; init; }
}

/// <summary>Where a host's store is on a file system that other hosts have, too.</summary>
/// <param name="Store">As other hosts know it.</param>
/// <param name="Root">Where that file system is on this host.</param>
public sealed record SharedStoreSettings(SharedStore Store, string Root);

/// <summary>Bounds on images.</summary>
public sealed record ImageSettings
{
    /// <summary>Folders that file: images may be in.</summary>
    public required IReadOnlyList<string> FileRoots { get; init; }

    /// <summary>Hosts that images may come from; empty is any.</summary>
    public required IReadOnlyList<string> AllowedHosts { get; init; }

    /// <summary>The longest download, in bytes.</summary>
    public required long MaxDownloadBytes { get; init; }

    /// <summary>The largest disk in an image, in bytes.</summary>
    public required long MaxVirtualSizeBytes { get; init; }

    /// <summary>How long a download may stand still.</summary>
    public required TimeSpan StallTimeout { get; init; }

    /// <summary>How often a download is tried.</summary>
    public required int Tries { get; init; }
}
