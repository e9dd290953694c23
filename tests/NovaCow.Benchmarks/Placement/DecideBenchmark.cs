using System.Diagnostics;
using NovaCow.Core;
using NovaCow.Core.Scheduling;

namespace NovaCow.Benchmarks.Placement;

/// <summary>What one placement takes: to choose the host among many, and to take in that it holds
/// the launch; beside a look at every host in the same fleet.</summary>
internal sealed class DecideBenchmark : IBenchmark
{
    private const int Decisions = 4_000;
    private const int WarmUp = 20_000;
    private const int Scans = 200;

    private static readonly DateTimeOffset s_now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public string Name => "decide";

    public string About => "a placement decision at 1,000 and 10,000 hosts, beside a scan";

    public Task RunAsync(string[] args)
    {
        // The runtime compiles what is hot a second time.
        foreach (var cluster in Enum.GetValues<DecideCluster>())
        {
            var fleet = new DecideFleet(1_000, cluster);
            Run(fleet, WarmUp);
            Scan(fleet);
        }

        foreach (var (hosts, aim) in ((int, int)[])[(1_000, 20), (10_000, 200)])
        {
            foreach (var cluster in Enum.GetValues<DecideCluster>())
                Measure(hosts, aim, cluster);
        }

        Console.WriteLine("aims: p50 at most 20 µs at 1,000 hosts and 200 µs at 10,000");
        return Task.CompletedTask;
    }

    private static void Measure(int hosts, int aim, DecideCluster cluster)
    {
        var fleet = new DecideFleet(hosts, cluster);
        Run(fleet, Decisions);
        var took = Run(fleet, Decisions);
        var scan = Scan(fleet);
        var p50 = Quantile(took, 0.5);
        Console.WriteLine(
            $"{hosts,6} hosts, {cluster,-10}: p50 {p50,7:F1} µs, p99 {Quantile(took, 0.99),8:F1} "
                + $"µs ({(p50 <= aim ? "meets" : "misses")} {aim} µs); a scan {scan,8:F1} µs: "
                + $"{scan / p50:F0} x");
    }

    private static List<double> Run(DecideFleet fleet, int decisions)
    {
        List<double> took = [];
        for (var i = 0; i < decisions; i++)
        {
            var request = fleet.Request(i);
            var start = Stopwatch.GetTimestamp();
            var placement = PlacementPolicy.Choose(request, fleet.Fleet, fleet.Rules, s_now);
            if (placement is Core.Scheduling.Placement.Chosen chosen)
                fleet.Claim(chosen.Host, request.Spec, 1);
            took.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
            fleet.Settle(i);
        }

        took.Sort();
        return took;
    }

    private static double Scan(DecideFleet fleet)
    {
        List<double> took = [];
        for (var i = 0; i < Scans; i++)
        {
            var request = fleet.Request(i);
            var start = Stopwatch.GetTimestamp();
            HostView? best = null;
            var weight = double.PositiveInfinity;
            foreach (var host in fleet.Fleet.All)
            {
                if (PlacementPolicy.Weigh(request, host, fleet.Fleet, fleet.Rules, s_now)
                    is { } its && its < weight)
                {
                    (best, weight) = (host, its);
                }
            }

            GC.KeepAlive(best);
            took.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
        }

        took.Sort();
        return Quantile(took, 0.5);
    }

    private static double Quantile(List<double> sorted, double share) =>
        sorted[(int)(share * (sorted.Count - 1))];
}
