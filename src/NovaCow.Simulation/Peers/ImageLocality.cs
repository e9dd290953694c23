using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;

namespace NovaCow.Simulation.Peers;

/// <summary>
/// What Kubernetes' scheduler does by default with a pod of one container and no constraints: the
/// sum of NodeResourcesFit (LeastAllocated), NodeResourcesBalancedAllocation and ImageLocality,
/// each from 0 to 100 with weight 1, and any of the best. An image's size is that of its download.
/// It is granted more than it has: every host is scored, not a sample, and a host's image counts
/// from the moment it is there, not from the next report of the node.
/// </summary>
internal static class ImageLocality
{
    private const long MiB = 1L << 20;
    private const long LeastBytes = 23 * MiB;
    private const long MostBytes = 1_000 * MiB;
    private const long HighestScore = 100;

    /// <summary>The score of a host that has the image, where <paramref name="having"/> of
    /// <paramref name="hosts"/> have it.</summary>
    public static long Score(long imageBytes, int having, int hosts)
    {
        var scaled = (long)(imageBytes * ((double)having / hosts));
        return HighestScore * (Math.Clamp(scaled, LeastBytes, MostBytes) - LeastBytes)
            / (MostBytes - LeastBytes);
    }

    /// <summary>How empty a host is once it has the launch.</summary>
    public static long LeastAllocated(HostView host, Claims more, PlacementRules rules)
    {
        var (cpu, memory) = Fractions(host, more, rules);
        return ((long)(HighestScore * Math.Max(0, 1 - cpu))
            + (long)(HighestScore * Math.Max(0, 1 - memory))) / 2;
    }

    /// <summary>How alike its processors and memory are used then.</summary>
    public static long Balanced(HostView host, Claims more, PlacementRules rules)
    {
        var (cpu, memory) = Fractions(host, more, rules);
        return (long)((1 - (Math.Abs(Math.Min(1, cpu) - Math.Min(1, memory)) / 2)) * HighestScore);
    }

    /// <summary>Scores the hosts for one launch.</summary>
    public static Func<HostView, double> Scorer(
        PlacementRequest request, Fleet fleet, PlacementRules rules)
    {
        var image = request.Spec.Image;
        var key = image.BaseKey();
        var locality = Score(
            image.SizeBytes, fleet.Having(key).Count(h => Has(fleet.Find(h)!, key)), fleet.Count);
        var more = PlacementPolicy.ClaimOf(request.Spec);
        return host => LeastAllocated(host, more, rules) + Balanced(host, more, rules)
            + (locality > 0 && Has(host, key) ? locality : 0);
    }

    private static bool Has(HostView host, BaseKey key) =>
        host.Bases.TryGetValue(key, out var report) && report.State == BaseState.Ready;

    private static (double Cpu, double Memory) Fractions(
        HostView host, Claims more, PlacementRules rules) => (
            (host.Claims.VCpus + more.VCpus) / (host.Capacity.VCpus * rules.VCpuRatio),
            (host.Claims.MemoryBytes + more.MemoryBytes)
                / (host.Capacity.MemoryBytes * rules.MemoryRatio));
}
