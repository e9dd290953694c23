using NovaCow.Core.Hosting;

namespace NovaCow.Core.Scheduling;

/// <summary>
/// Chooses the host of a launch. Filters remove hosts that cannot take it; of the others, one is
/// preferred by its predicted ready time, its emptiness or its fullness, as
/// <see cref="PlacementRules.Preference"/> says; equals by id.
/// </summary>
public static class PlacementPolicy
{
    // Where so many have the base, going through the hosts in order soon meets one of them.
    private const int FewHosts = 64;

    // How many hosts of one standing are compared by their ready time.
    private const int EqualHosts = 64;

    /// <summary>The choice, with nothing claimed by it.</summary>
    public static Placement Choose(
        PlacementRequest request, Fleet fleet, PlacementRules rules, DateTimeOffset now)
    {
        var search = new Search(request, fleet, rules, now);
        return rules.Preference switch
        {
            PlacementPreference.Spread => search.FirstOf(fleet.ByStanding),
            PlacementPreference.Pack => search.FirstOf(fleet.ByStandingReversed),
            _ => search.Soonest(),
        } is { } chosen
            ? new Placement.Chosen(Terms(request, chosen, search, null))
            : None(request, search);
    }

    /// <summary>Every host's terms: those that can take it, best first, then the others.</summary>
    public static IReadOnlyList<HostTerms> Explain(
        PlacementRequest request, Fleet fleet, PlacementRules rules, DateTimeOffset now) =>
        Explain(request, new Search(request, fleet, rules, now));

    /// <summary>Whether a host can take a launch now.</summary>
    public static bool Admits(PlacementRequest request, HostView host, PlacementRules rules) =>
        Admits(request, ClaimOf(request.Spec), host, rules);

    /// <summary>What a host weighs for a launch, in seconds; null: it cannot take it.</summary>
    public static double? Weigh(
        PlacementRequest request, HostView host, Fleet fleet, PlacementRules rules,
        DateTimeOffset now) =>
        Admits(request, NeedOf(request), host, rules)
            ? ReadyTime.Predict(request.Spec, host, fleet, rules, now).Weight
            : null;

    /// <summary>What one launch holds of its host.</summary>
    public static Claims ClaimOf(LaunchSpec spec)
    {
        var flavor = spec.Flavor;
        return new Claims(1, flavor.VCpus, flavor.MemoryBytes, FullDiskBytes(spec));
    }

    /// <summary>What one launch holds of its host, with what its disks have grown since.</summary>
    public static Claims ClaimOf(Launch launch)
    {
        var claim = ClaimOf(launch.Spec);
        return claim with { DiskBytes = claim.DiskBytes + launch.GrownBytes };
    }

    /// <summary>Why a host has no room for so many more bytes of disk; null: it has.</summary>
    public static string? NoRoomFor(long bytes, HostView host, PlacementRules rules) => Room(
        "bytes of disk", bytes, host.Claims.DiskBytes, host.Capacity.DiskBytes,
        rules.RatiosOf(host.Overcommit).Disk);

    private static long FullDiskBytes(LaunchSpec spec)
    {
        var bytes = DiskPlan.RootBytes(spec.Image, spec.Flavor) + spec.Flavor.SwapBytes;
        for (var i = 0; i < spec.Flavor.EphemeralDisks.Count; i++)
            bytes += spec.Flavor.EphemeralDisks[i].SizeBytes;
        return bytes;
    }

    private static IReadOnlyList<HostTerms> Explain(PlacementRequest request, Search search)
    {
        var terms = search.Fleet.All
            .Select(h => Terms(request, h, search, Filter(request, search.Need, h, search.Rules)))
            .ToList();
        terms.Sort((a, b) =>
        {
            var byFilter = (a.FilteredBecause is not null).CompareTo(b.FilteredBecause is not null);
            var byWeight = byFilter != 0 || a.FilteredBecause is not null
                ? byFilter
                : Compare(a.Ready, b.Ready, search.Rules);
            return byWeight != 0
                ? byWeight
                : string.CompareOrdinal(a.Host.Value, b.Host.Value);
        });
        return terms;
    }

    private static int Compare(ReadyTerms a, ReadyTerms b, PlacementRules rules)
    {
        var byStanding = (a.Queue + a.Crowding).CompareTo(b.Queue + b.Crowding);
        var byWeight = a.Weight.CompareTo(b.Weight);
        return rules.Preference switch
        {
            PlacementPreference.Spread => byStanding != 0 ? byStanding : byWeight,
            PlacementPreference.Pack => byStanding != 0 ? -byStanding : byWeight,
            _ => byWeight,
        };
    }

    private static Placement.NoValidHost None(PlacementRequest request, Search search)
    {
        var final = request.FailedOn.Count > 0 && search.Fleet.All.All(
            h => h.Status == HostStatus.Unreachable || request.FailedOn.Contains(h.Id)
                || WhyNever(request, h) is not null);
        return new Placement.NoValidHost(() => Explain(request, search), final);
    }

    private static HostTerms Terms(
        PlacementRequest request, HostView host, Search search, string? filter) => new(
            host.Id,
            host.Temperature(search.Base, search.Now),
            host.Claims.Launches,
            ReadyTime.Predict(request.Spec, host, search.Fleet, search.Rules, search.Now),
            filter);

    private static bool Admits(
        PlacementRequest request, Claims need, HostView host, PlacementRules rules)
    {
        var (claims, capacity) = (host.Claims, host.Capacity);
        var ratios = rules.RatiosOf(host.Overcommit);
        return host.Status == HostStatus.Up
            && need.VCpus <= Free(claims.VCpus, capacity.VCpus, ratios.VCpus)
            && need.MemoryBytes <= Free(claims.MemoryBytes, capacity.MemoryBytes, ratios.Memory)
            && need.DiskBytes <= Free(claims.DiskBytes, capacity.DiskBytes, ratios.Disk)
            && (request.FailedOn.Count == 0 || !request.FailedOn.Contains(host.Id))
            && HostFilters.WhyNotNow(request, host) is null
            && WhyNever(request, host) is null;
    }

    /// <summary>Why a host is not admitted; null: it is.</summary>
    private static string? Filter(
        PlacementRequest request, Claims need, HostView host, PlacementRules rules)
    {
        if (host.Status != HostStatus.Up)
            return host.Status == HostStatus.Disconnected ? "disconnected" : "unreachable";
        if (request.FailedOn.Count > 0 && request.FailedOn.Contains(host.Id))
            return "it failed at this launch already";
        if ((WhyNever(request, host) ?? HostFilters.WhyNotNow(request, host)) is { } reason)
            return reason;
        var (claims, capacity) = (host.Claims, host.Capacity);
        var ratios = rules.RatiosOf(host.Overcommit);
        return Room("vCPUs", need.VCpus, claims.VCpus, capacity.VCpus, ratios.VCpus)
            ?? Room("bytes of memory", need.MemoryBytes, claims.MemoryBytes,
                capacity.MemoryBytes, ratios.Memory)
            ?? Room("bytes of disk", need.DiskBytes, claims.DiskBytes,
                capacity.DiskBytes, ratios.Disk);
    }

    /// <summary>What no room that is freed changes.</summary>
    private static string? WhyNever(PlacementRequest request, HostView host)
    {
        if (request.Moving is { } moving && WhyNot(moving, host) is { } why)
            return why;
        if (request.Spec.Adoption is { } adoption && adoption.Host != host.Id)
            return $"the disks to adopt are on host {adoption.Host}";
        return request.Spec.Driver is { } driver && !host.Drivers.Contains(driver)
            ? $"has no volume driver {driver}, only {string.Join(", ", host.Drivers)}"
            : HostFilters.WhyNever(request.Spec, host);
    }

    private static string? WhyNot(MovingInstance moving, HostView host)
    {
        if (moving.From == host.Id)
            return "it is there";
        if (moving.FoundOn is null && !host.TakesMoves)
            return "does not say where other hosts reach it";
        if (moving.NeedsMachines && !host.Hypervisor.RunsMachines)
            return $"runs no machines, and host {moving.From} does";
        if (moving.FoundOn is { } shared && host.SharesStoreOn != shared)
            return $"does not have the shared file system {shared}";
        return moving.Drivers.FirstOrDefault(d => !host.Drivers.Contains(d)) is { } missing
            ? $"has no volume driver {missing}, only {string.Join(", ", host.Drivers)}"
            : null;
    }

    private static string? Room(string unit, long need, long claimed, long capacity, double ratio)
    {
        var room = Free(claimed, capacity, ratio);
        return need <= room
            ? null
            : $"needs {need} {unit}, {Math.Max(0, (long)room)} of {(long)(capacity * ratio)} free";
    }

    private static double Free(long claimed, long capacity, double ratio) =>
        (capacity * ratio) - claimed;

    private static Claims NeedOf(PlacementRequest request)
    {
        var claim = ClaimOf(request.Spec);
        return request.Moving is { } moving
            ? claim with { DiskBytes = claim.DiskBytes + moving.GrownBytes }
            : claim;
    }

    /// <summary>One choice under way.</summary>
    private sealed class Search(
        PlacementRequest request, Fleet fleet, PlacementRules rules, DateTimeOffset now)
    {
        private HostView? _best;
        private double _weight = double.PositiveInfinity;

        public Claims Need { get; } = NeedOf(request);

        public BaseKey Base { get; } = request.Spec.Image.BaseKey();

        public Fleet Fleet => fleet;

        public PlacementRules Rules => rules;

        public DateTimeOffset Now => now;

        /// <summary>The host of the least weight; null: none can take the launch.</summary>
        public HostView? Soonest()
        {
            var having = fleet.Having(Base);
            if (having.Count <= FewHosts)
            {
                foreach (var host in having)
                    Consider(fleet.Find(host)!);
                var cost = ColdCost.Of(request.Spec.Image, fleet.Rates, rules);
                fleet.Cold.Visit(cost, _weight, host =>
                {
                    Consider(host);
                    return _weight;
                });
                return _best;
            }

            foreach (var (host, standing) in fleet.ByStanding)
            {
                if (standing >= _weight)
                    break;
                Consider(host);
            }

            return _best;
        }

        /// <summary>The first that can take the launch; among its equals the soonest.</summary>
        public HostView? FirstOf(IEnumerable<(HostView View, double Standing)> hosts)
        {
            double? first = null;
            var equals = 0;
            foreach (var (host, standing) in hosts)
            {
                if (first is not null && (standing != first || equals++ == EqualHosts))
                    break;
                if (Consider(host))
                    first = standing;
            }

            return _best;
        }

        private bool Consider(HostView host)
        {
            if (!Admits(request, Need, host, rules))
                return false;
            var weight = ReadyTime.Predict(request.Spec, host, fleet, rules, now).Weight;
            if (weight > _weight || (weight == _weight && IsAfterBest(host)))
                return true;
            (_best, _weight) = (host, weight);
            return true;
        }

        private bool IsAfterBest(HostView host) => _best is not null
            && string.CompareOrdinal(host.Id.Value, _best.Id.Value) > 0;
    }
}
