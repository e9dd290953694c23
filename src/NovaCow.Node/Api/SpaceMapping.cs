using NovaCow.Client;
using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;

namespace NovaCow.Node.Api;

/// <summary>Space and health of bases as the API shows them.</summary>
internal static class SpaceMapping
{
    private const int NamedInWords = 10;

    public static BaseDamageResource ToResource(this BaseDamage damage) => new(
        damage.Reason,
        damage.FoundAt,
        damage.RebuiltAt,
        [.. damage.Clones.Select(c => c.Value)],
        damage.CloneCount);

    /// <summary>The clones in words, the first of them.</summary>
    public static string Names(this BaseDamage damage)
    {
        var names = string.Join(", ", damage.Clones.Take(NamedInWords));
        var more = damage.CloneCount - Math.Min(NamedInWords, damage.Clones.Count);
        return damage.CloneCount == 0 ? "none" : more > 0 ? $"{names} and {more} more" : names;
    }

    public static BaseScrubResource ToResource(this BaseScrub scrub) => new(
        scrub switch
        {
            { IsDue: true } => "running",
            { Error: not null } => "failed",
            { Problem: not null } => "bad",
            { VerifiedAt: not null } => "ok",
            _ => "given up",
        },
        scrub.VerifiedAt,
        scrub.ReadBytes,
        scrub.Error?.Message ?? scrub.Problem);

    public static FleetSpaceResource ToSpaceResource(this IReadOnlyList<HostInfo> hosts)
    {
        List<(string Host, SpaceUsage Usage)> known =
        [
            .. hosts.Where(h => h.Usage is not null)
                .Select(h => (h.Id.Value, h.Usage!.ToResource())),
        ];
        return new FleetSpaceResource(
            Sum([.. known.Select(h => h.Usage)]),
            [.. known.Select(h => new HostUsageResource(h.Host, h.Usage))]);
    }

    public static HostSpaceResource ToResource(this HostSpace space) => new()
    {
        Host = space.Host.Value,
        Usage = space.Usage.ToResource(),
        Bases =
        [
            .. space.Bases.Select(b => new BaseSpaceResource(
                b.Key.Value,
                b.Title,
                b.Clones,
                b.VirtualSizeBytes,
                b.AllocatedBytes,
                b.Clones > 0 ? b.AllocatedBytes : 0,
                b.Clones > 0 ? 0 : b.AllocatedBytes)),
        ],
        Instances =
        [
            .. space.Instances.Select(i => new InstanceSpaceResource(
                i.Id.Value,
                i.VirtualSizeBytes,
                i.SharedBytes + i.UniqueBytes,
                i.SharedBytes,
                i.UniqueBytes)),
        ],
        InstanceCount = space.InstanceCount,
    };

    private static SpaceUsage ToResource(this HostUsage usage) => new()
    {
        TotalBytes = usage.TotalBytes,
        FreeBytes = usage.FreeBytes,
        ReservedBytes = usage.ReservedBytes,
        BaseBytes = usage.BaseBytes,
        UniqueBytes = usage.DiskBytes,
        FullCopyBytes = usage.FullCopyBytes,
        WorstCaseBytes = usage.WorstCaseBytes,
        MeasuredAt = usage.MeasuredAt,
    };

    private static SpaceUsage Sum(IReadOnlyList<SpaceUsage> all) => new()
    {
        TotalBytes = all.Sum(u => u.TotalBytes),
        FreeBytes = all.Sum(u => u.FreeBytes),
        ReservedBytes = all.Sum(u => u.ReservedBytes),
        BaseBytes = all.Sum(u => u.BaseBytes),
        UniqueBytes = all.Sum(u => u.UniqueBytes),
        FullCopyBytes = all.Sum(u => u.FullCopyBytes),
        WorstCaseBytes = all.Sum(u => u.WorstCaseBytes),
        MeasuredAt = all.Any(u => u.MeasuredAt is null) ? null : all.Min(u => u.MeasuredAt),
    };
}
