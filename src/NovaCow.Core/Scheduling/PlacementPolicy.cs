using NovaCow.Core.Hosting;

namespace NovaCow.Core.Scheduling;

/// <summary>
/// Chooses the host of a launch. Filters remove hosts that cannot take it; of the others, those
/// whose load is within <see cref="PlacementRules.CacheAffinity"/> of the emptiest are compared by
/// their cache first (warm, fetching, cold, failing), and come before the fuller ones; then the
/// emptier host wins, then the first by id.
/// </summary>
public static class PlacementPolicy
{
    /// <summary>The choice, with nothing claimed by it.</summary>
    public static Placement Choose(
        PlacementRequest request,
        IReadOnlyList<HostView> hosts,
        PlacementRules rules,
        DateTimeOffset now)
    {
        var need = Needs.Of(request.Spec);
        var emptiest = Emptiest(request, need, hosts, rules);
        if (emptiest is null)
            return None(request, need, hosts, rules, now);

        HostTerms? best = null;
        for (var i = 0; i < hosts.Count; i++)
        {
            if (Filter(request, need, hosts[i], rules) is not null)
                continue;
            var terms = Terms(need, hosts[i], emptiest.Value, rules, now, null);
            if (best is null || Compare(terms, best) < 0)
                best = terms;
        }

        return new Placement.Chosen(best!, emptiest.Value);
    }

    /// <summary>Every host's terms: those that can take it, best first, then the others.</summary>
    public static IReadOnlyList<HostTerms> Explain(
        PlacementRequest request,
        IReadOnlyList<HostView> hosts,
        PlacementRules rules,
        DateTimeOffset now)
    {
        var need = Needs.Of(request.Spec);
        var emptiest = Emptiest(request, need, hosts, rules) ?? 0;
        var terms = hosts
            .Select(h => Terms(need, h, emptiest, rules, now, Filter(request, need, h, rules)))
            .ToList();
        terms.Sort((a, b) =>
        {
            var byFilter = (a.FilteredBecause is not null).CompareTo(b.FilteredBecause is not null);
            return byFilter != 0 ? byFilter : Compare(a, b);
        });
        return terms;
    }

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
        "bytes of disk", bytes, host.Claims.DiskBytes, host.Capacity.DiskBytes, rules.DiskRatio);

    private static long FullDiskBytes(LaunchSpec spec)
    {
        var bytes = DiskPlan.RootBytes(spec.Image, spec.Flavor) + spec.Flavor.SwapBytes;
        for (var i = 0; i < spec.Flavor.EphemeralDisks.Count; i++)
            bytes += spec.Flavor.EphemeralDisks[i].SizeBytes;
        return bytes;
    }

    private static int? Emptiest(
        PlacementRequest request, Needs need, IReadOnlyList<HostView> hosts, PlacementRules rules)
    {
        int? emptiest = null;
        for (var i = 0; i < hosts.Count; i++)
        {
            var load = hosts[i].Claims.Launches;
            if ((emptiest is null || load < emptiest)
                && Filter(request, need, hosts[i], rules) is null)
            {
                emptiest = load;
            }
        }

        return emptiest;
    }

    private static Placement.NoValidHost None(
        PlacementRequest request,
        Needs need,
        IReadOnlyList<HostView> hosts,
        PlacementRules rules,
        DateTimeOffset now)
    {
        var terms = hosts
            .Select(h => Terms(need, h, 0, rules, now, Filter(request, need, h, rules)))
            .ToList();
        var final = request.FailedOn.Count > 0 && hosts.All(
            h => h.Status == HostStatus.Unreachable || request.FailedOn.Contains(h.Id)
                || WhyNever(request, h) is not null);
        return new Placement.NoValidHost(terms, final);
    }

    private static HostTerms Terms(
        Needs need,
        HostView host,
        int emptiest,
        PlacementRules rules,
        DateTimeOffset now,
        string? filter) => new(
            host.Id,
            host.Temperature(need.Base, now),
            host.Claims.Launches,
            host.Claims.Launches - emptiest <= rules.CacheAffinity,
            filter);

    private static int Compare(HostTerms a, HostTerms b)
    {
        var byAffinity = b.WithinAffinity.CompareTo(a.WithinAffinity);
        if (byAffinity != 0)
            return byAffinity;
        var byCache = a.WithinAffinity ? a.Temperature.CompareTo(b.Temperature) : 0;
        if (byCache != 0)
            return byCache;
        var byLoad = a.Load.CompareTo(b.Load);
        return byLoad != 0 ? byLoad : string.CompareOrdinal(a.Host.Value, b.Host.Value);
    }

    private static string? Filter(
        PlacementRequest request, Needs need, HostView host, PlacementRules rules)
    {
        if (host.Status != HostStatus.Up)
            return host.Status == HostStatus.Disconnected ? "disconnected" : "unreachable";
        if (request.FailedOn.Count > 0 && request.FailedOn.Contains(host.Id))
            return "it failed at this launch already";
        if (WhyNever(request, host) is { } never)
            return never;
        var (claims, capacity) = (host.Claims, host.Capacity);
        return Room("vCPUs", need.VCpus, claims.VCpus, capacity.VCpus, rules.VCpuRatio)
            ?? Room("bytes of memory", need.MemoryBytes, claims.MemoryBytes,
                capacity.MemoryBytes, rules.MemoryRatio)
            ?? Room("bytes of disk", need.DiskBytes, claims.DiskBytes,
                capacity.DiskBytes, rules.DiskRatio);
    }

    /// <summary>What no room that is freed changes.</summary>
    private static string? WhyNever(PlacementRequest request, HostView host)
    {
        if (request.Spec.Adoption is { } adoption && adoption.Host != host.Id)
            return $"the disks to adopt are on host {adoption.Host}";
        return request.Spec.Driver is { } driver && !host.Drivers.Contains(driver)
            ? $"has no volume driver {driver}, only {string.Join(", ", host.Drivers)}"
            : null;
    }

    private static string? Room(string unit, long need, long claimed, long capacity, double ratio)
    {
        var room = (capacity * ratio) - claimed;
        return need <= room
            ? null
            : $"needs {need} {unit}, {Math.Max(0, (long)room)} of {(long)(capacity * ratio)} free";
    }

    private readonly record struct Needs(
        BaseKey Base, long VCpus, long MemoryBytes, long DiskBytes)
    {
        public static Needs Of(LaunchSpec spec)
        {
            var claim = ClaimOf(spec);
            return new Needs(
                spec.Image.BaseKey(), claim.VCpus, claim.MemoryBytes, claim.DiskBytes);
        }
    }
}
