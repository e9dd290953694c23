using NovaCow.Simulation;

namespace NovaCow.Benchmarks.Placement;

/// <summary>
/// The product's placement beside that of Kubernetes in the same simulated fleets: at most half of
/// the time until 99 of 100 launches are ready, and no more bytes fetched.
/// </summary>
internal sealed class SimulateBenchmark : IBenchmark
{
    public string Name => "simulate";

    public string About =>
        "ready time and bytes fetched beside Kubernetes' ImageLocality, simulated [large]";

    public Task RunAsync(string[] args)
    {
        var usual = new SimulationSettings { Minutes = 30, WarmUpMinutes = 10 };
        Console.WriteLine(
            $"{"scenario",-32} {"p99 own",9} {"p99 peer",9} {"ratio",6} {"GiB own",9} "
                + $"{"GiB peer",9} {"ratio",6} {"warm own",9} {"peer",7}");
        Compare("1,000 hosts", usual);
        Compare("another seed", usual with { Seed = 2 });
        Compare("flatter popularity, Zipf 0.7", usual with { ZipfExponent = 0.7 });
        Compare("steeper popularity, Zipf 1.3", usual with { ZipfExponent = 1.3 });
        Compare("twice the launches", usual with { Load = 0.8 });
        Compare("no bursts", usual with { BurstEveryMinutes = 0 });
        Compare("failures, 10 a host and day", usual with { FailuresPerHostDay = 10 });
        Compare("a new version every minute", usual with { RolloutEveryMinutes = 1 });
        if (args is ["large"])
            Compare("10,000 hosts", usual with { Hosts = 10_000, Minutes = 20 });
        Console.WriteLine("aims: p99 ratio at most 0.5, bytes ratio at most 1");
        return Task.CompletedTask;
    }

    private static void Compare(string scenario, SimulationSettings settings)
    {
        SimulatedPolicy[] policies = [SimulatedPolicy.ReadyTime, SimulatedPolicy.ImageLocality];
        var report = Simulator.Compare(settings, policies, TimeProvider.System).Report;
        var (own, peer) = (report.Policies[0], report.Policies[1]);
        var (soon, late) = (own.Ready!.P99, peer.Ready!.P99);
        Console.WriteLine(
            $"{scenario,-32} {soon,7:F1} s {late,7:F1} s {soon / late,6:F2} "
                + $"{GiB(own),9:F0} {GiB(peer),9:F0} "
                + $"{GiB(own) / GiB(peer),6:F2} {own.WarmShare,9:P1} {peer.WarmShare,7:P1}");
    }

    private static double GiB(PolicyReport report) => report.BytesFetched / (double)(1L << 30);
}
