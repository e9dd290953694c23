using System.Collections.ObjectModel;
using NovaCow.Core.Hosting;

namespace NovaCow.Core.Scheduling;

/// <summary>What placement knows of one host at the moment of a choice.</summary>
public sealed record HostView
{
    /// <summary>The host.</summary>
    public required HostId Id { get; init; }

    /// <summary>Whether it can be counted on.</summary>
    public required HostStatus Status { get; init; }

    /// <summary>What it can give, before overcommit.</summary>
    public required HostCapacity Capacity { get; init; }

    /// <summary>Its volume drivers' names, the default first.</summary>
    public required IReadOnlyList<string> Drivers { get; init; }

    /// <summary>What launches hold of it already, those of this burst included.</summary>
    public required Claims Claims { get; init; }

    /// <summary>What it reported of its bases.</summary>
    public required IReadOnlyDictionary<BaseKey, BaseReport> Bases { get; init; }

    /// <summary>Bases that launches placed there will have it make, and how many launches.
    /// </summary>
    public required IReadOnlyDictionary<BaseKey, Expected> Expected { get; init; }

    /// <summary>Launches placed there whose disks are not known to be ready.</summary>
    public int Queue { get; init; }

    /// <summary>How fast it works.</summary>
    public HostPaces Paces { get; init; } = HostPaces.Unknown;

    /// <summary>What it has to fetch and to build already.</summary>
    public Backlog Backlog { get; init; }

    /// <summary>What it may do.</summary>
    public HostDuty Duty { get; init; }

    /// <summary>What is said of it.</summary>
    public IReadOnlyList<HostLabel> Labels { get; init; } = [];

    /// <summary>How many launches of each group it holds.</summary>
    public IReadOnlyDictionary<GroupName, int> Groups { get; init; } =
        ReadOnlyDictionary<GroupName, int>.Empty;

    /// <summary>Its own ratios; null: the cluster's.</summary>
    public HostOvercommit? Overcommit { get; init; }

    /// <summary>What runs its machines.</summary>
    public HypervisorCapabilities Hypervisor { get; init; } = HypervisorCapabilities.None;

    /// <summary>Whether instances of other hosts can come to it.</summary>
    public bool TakesMoves { get; init; }

    /// <summary>The shared file system that its store lies on; null: on none.</summary>
    public string? SharesStoreOn { get; init; }

    /// <summary>How much of its processors, memory and disk launches hold: the fullest of them,
    /// from 0 to 1 of what may be promised.</summary>
    public double FullestShare(PlacementRules rules)
    {
        var ratios = rules.RatiosOf(Overcommit);
        return Math.Max(
            Part(Claims.VCpus, Capacity.VCpus * ratios.VCpus),
            Math.Max(
                Part(Claims.MemoryBytes, Capacity.MemoryBytes * ratios.Memory),
                Part(Claims.DiskBytes, Capacity.DiskBytes * ratios.Disk)));
    }

    /// <summary>How soon its cache can serve a base.</summary>
    public CacheTemperature Temperature(BaseKey key, DateTimeOffset now)
    {
        if (Bases.TryGetValue(key, out var report))
        {
            switch (report.State)
            {
                case BaseState.Ready:
                    return CacheTemperature.Warm;
                case BaseState.Failed or BaseState.Quarantined when report.RetryAt > now:
                    return CacheTemperature.Failing;
                case BaseState.Creating:
                    return CacheTemperature.Fetching;
            }
        }

        return Expected.ContainsKey(key) ? CacheTemperature.Fetching : CacheTemperature.Cold;
    }

    private static double Part(long claimed, double promised) =>
        claimed == 0 ? 0 : promised <= 0 ? 1 : Math.Min(1, claimed / promised);
}

/// <summary>A base that launches placed on a host need.</summary>
/// <param name="Image">What it is made from.</param>
/// <param name="Launches">How many launches need it.</param>
public readonly record struct Expected(Image Image, int Launches);

/// <summary>The bases that a host has in the making, those included that launches placed there will
/// have it make.</summary>
/// <param name="Bases">How many.</param>
/// <param name="FetchBytes">Bytes left to fetch.</param>
/// <param name="BuildBytes">Bytes of virtual disk left to write.</param>
public readonly record struct Backlog(int Bases, long FetchBytes, long BuildBytes)
{
    internal Backlog With(ReadyTime.Work left) =>
        new(Bases + 1, FetchBytes + left.FetchBytes, BuildBytes + left.BuildBytes);
}

/// <summary>A launch that looks for a host.</summary>
/// <param name="Instance">The instance.</param>
/// <param name="Spec">What it is to become.</param>
/// <param name="FailedOn">Hosts that failed at it already.</param>
public sealed record PlacementRequest(
    InstanceId Instance, LaunchSpec Spec, IReadOnlyList<HostId> FailedOn)
{
    /// <summary>Whether a soft group is not heeded: no host can keep its instances apart.
    /// </summary>
    public bool IgnoresSoftGroup { get; init; }

    /// <summary>What it is beside its spec, where it is an instance that is to leave its host;
    /// null: it is to be launched.</summary>
    public MovingInstance? Moving { get; init; }
}

/// <summary>An instance that looks for another host.</summary>
/// <param name="From">The host that it is on.</param>
/// <param name="Drivers">The drivers that have its disks.</param>
/// <param name="GrownBytes">The bytes by which its disks are larger than its spec says.</param>
public sealed record MovingInstance(HostId From, IReadOnlyList<string> Drivers, long GrownBytes)
{
    /// <summary>Whether the host that it leaves runs machines, so that another has to.</summary>
    public bool NeedsMachines { get; init; }

    /// <summary>The shared file system on which its disks are found without their host; null: their
    /// host lends them.</summary>
    public string? FoundOn { get; init; }
}

/// <summary>Chooses the host of a launch, with nothing claimed by it; as
/// <see cref="PlacementPolicy.Choose"/> does.</summary>
public delegate Placement Placer(
    PlacementRequest request, Fleet fleet, PlacementRules rules, DateTimeOffset now);

/// <summary>Where a launch goes.</summary>
public abstract record Placement
{
    private Placement()
    {
    }

    /// <summary>To this host.</summary>
    public sealed record Chosen(HostTerms Terms) : Placement
    {
        /// <summary>The host.</summary>
        public HostId Host => Terms.Host;

        /// <summary>The choice in words.</summary>
        public string Because() =>
            $"cache {Terms.Temperature.ToString().ToLowerInvariant()}, ready in {Terms.Ready}";
    }

    /// <summary>Nowhere now.</summary>
    /// <param name="Explain">Why each host cannot take it, by host; looked up when it is asked for.
    /// </param>
    /// <param name="IsFinal">Every host that there is has failed at it already, or lacks its
    /// driver.</param>
    public sealed record NoValidHost(
        Func<IReadOnlyList<HostTerms>> Explain, bool IsFinal) : Placement
    {
        /// <summary>Why each host cannot take it.</summary>
        public IReadOnlyList<HostTerms> Reasons => Explain();

        /// <summary>The reasons in words, the commonest first.</summary>
        public string Because() => Reasons is not { Count: > 0 } reasons
            ? "no host has joined the cluster; start one with role 'host'"
            : string.Join("; ", reasons
                .GroupBy(r => r.FilteredBecause ?? "has room again")
                .OrderByDescending(g => g.Count())
                .Take(5)
                .Select(g => $"{Named(g)}: {g.Key}"));

        private static string Named(IEnumerable<HostTerms> hosts)
        {
            var ids = hosts.Select(h => h.Host.Value).ToList();
            return ids.Count <= 3
                ? string.Join(", ", ids)
                : $"{string.Join(", ", ids.Take(3))} and {ids.Count - 3} more";
        }
    }
}
