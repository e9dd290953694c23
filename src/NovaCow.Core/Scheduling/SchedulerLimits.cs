using NovaCow.Core.Hosting;

namespace NovaCow.Core.Scheduling;

/// <summary>The scheduler's bounds and graces, each of them named; the defaults suit a fleet of a
/// few hundred hosts.</summary>
public sealed record SchedulerLimits
{
    /// <summary>The most launches that wait for a host; more are refused as Busy.</summary>
    public int MaxWaiting { get; init; } = 10_000;

    /// <summary>The most launches of one project that wait for a host; more are refused as Busy.
    /// Null: as many as may wait in all.</summary>
    public int? MaxWaitingPerProject { get; init; }

    /// <summary>The most hosts that a launch may fail on before it fails itself.</summary>
    public int MaxFailedHosts { get; init; } = 3;

    /// <summary>How long a launch may wait for a host that can take it.</summary>
    public TimeSpan LaunchDeadline { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a silent host keeps its uncommitted launches.</summary>
    public TimeSpan HostGrace { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a command to a host stays unanswered before it is sent again, the first
    /// time; each further wait is twice as long.</summary>
    public TimeSpan ResendAfter { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The longest wait between two sendings.</summary>
    public TimeSpan MaxResendAfter { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The most commands that are sent again to one host at a time.</summary>
    public int MaxResendsPerTick { get; init; } = 256;

    /// <summary>The most deleted ids that are remembered.</summary>
    public int MaxTombstones { get; init; } = 20_000;

    /// <summary>How long a deleted id is remembered.</summary>
    public TimeSpan TombstoneAge { get; init; } = TimeSpan.FromDays(7);

    /// <summary>The most images in the catalogue.</summary>
    public int MaxImages { get; init; } = 10_000;

    /// <summary>How images' copies are made and kept.</summary>
    public CacheRules Cache { get; init; } = new();

    /// <summary>How captured images that nobody needs are removed.</summary>
    public CaptureRules Captures { get; init; } = new();

    /// <summary>The most instances of a host that is emptied which move at a time.</summary>
    public int MaxMovesPerHost { get; init; } = 4;

    /// <summary>How often an instance of a host that is emptied is tried to be moved, one try after
    /// another.</summary>
    public int MaxMoveTries { get; init; } = 3;

    /// <summary>How long after so many tries it is tried again.</summary>
    public TimeSpan MoveAgainAfter { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How placement weighs.</summary>
    public PlacementRules Placement { get; init; } = new();
}

/// <summary>By what placement prefers a host.</summary>
public enum PlacementPreference
{
    /// <summary>Where the launch is predicted to be ready first, with a weight against crowding.
    /// </summary>
    ReadyTime,

    /// <summary>The emptiest host; among equals the one where it is ready first.</summary>
    Spread,

    /// <summary>The fullest host that has room; among equals the one where it is ready first.
    /// </summary>
    Pack,
}

/// <summary>What placement may promise of a host, and what it prefers.</summary>
public sealed record PlacementRules
{
    /// <summary>By what a host is preferred.</summary>
    public PlacementPreference Preference { get; init; } = PlacementPreference.ReadyTime;

    /// <summary>Virtual processors promised for each real one.</summary>
    public double VCpuRatio { get; init; } = 16;

    /// <summary>Bytes of memory promised for each real one.</summary>
    public double MemoryRatio { get; init; } = 1.5;

    /// <summary>Bytes of disk promised for each real one: clones are thin, and this bounds what
    /// they could grow to.</summary>
    public double DiskRatio { get; init; } = 10;

    /// <summary>
    /// How many seconds of waiting a full host is worse by than an empty one, in proportion to the
    /// fullest of its processors, memory and disk. 0: only the time counts. It bounds how far a
    /// warm cache draws launches to one host while others are empty.
    /// </summary>
    public double CrowdingSeconds { get; init; } = 30;

    /// <summary>
    /// What a base that would have to be made anew is worse by, as a share of the time that this
    /// takes: its fetch takes bandwidth from others. So a few launches of a cold image share one
    /// download, though another host would have it as soon.
    /// </summary>
    public double TrafficRatio { get; init; } = 0.5;

    /// <summary>How fast a source is that nobody has fetched from, in bytes per second.</summary>
    public double AssumedFetchBytesPerSecond { get; init; } = 64 << 20;

    /// <summary>How fast bases are made where none was made, in bytes of virtual disk per second.
    /// </summary>
    public double AssumedBuildBytesPerSecond { get; init; } = 512 << 20;

    /// <summary>How long disks take where none were made, in seconds.</summary>
    public double AssumedCloneSeconds { get; init; } = 0.01;

    /// <summary>Launches whose disks a host makes at one time.</summary>
    public double ClonesAtOnce { get; init; } = 8;

    /// <summary>What is promised of one host: its own ratios, else these.</summary>
    public OvercommitRatios RatiosOf(HostOvercommit? own) => new(
        own?.VCpus ?? VCpuRatio, own?.Memory ?? MemoryRatio, own?.Disk ?? DiskRatio);
}
