namespace NovaCow.Core.Scheduling;

/// <summary>The scheduler's bounds and graces, each of them named; the defaults suit a fleet of a
/// few hundred hosts.</summary>
public sealed record SchedulerLimits
{
    /// <summary>The most launches that wait for a host; more are refused as Busy.</summary>
    public int MaxWaiting { get; init; } = 10_000;

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

    /// <summary>How placement weighs.</summary>
    public PlacementRules Placement { get; init; } = new();
}

/// <summary>What placement may promise of a host, and what a warm cache is worth.</summary>
public sealed record PlacementRules
{
    /// <summary>Virtual processors promised for each real one.</summary>
    public double VCpuRatio { get; init; } = 16;

    /// <summary>Bytes of memory promised for each real one.</summary>
    public double MemoryRatio { get; init; } = 1.5;

    /// <summary>Bytes of disk promised for each real one: clones are thin, and this bounds what
    /// they could grow to.</summary>
    public double DiskRatio { get; init; } = 10;

    /// <summary>
    /// How many more launches than the emptiest host one may hold for its cache to count. Within
    /// it, a warm host comes before a cold one; beyond it, the emptier comes first, so that a burst
    /// does not queue on one host while others are idle.
    /// </summary>
    public int CacheAffinity { get; init; } = 8;
}
