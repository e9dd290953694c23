using System.Diagnostics;
using System.Globalization;
using NovaCow.Actors.Protocols;
using NovaCow.Actors.Scheduling;
using NovaCow.Core.Scheduling;
using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Persistence;
using NovaCow.Runtime.Serialization;
using NovaCow.Store.Sqlite;

namespace NovaCow.Benchmarks.Scale;

/// <summary>
/// How long a new leader takes from its start until it decides, and what memory at the most, where
/// the journal holds a snapshot of a million instances on a thousand hosts and a tail of events
/// behind it. A process of its own does it.
/// </summary>
public sealed class RecoveryBenchmark : IBenchmark
{
    private const int DefaultInstances = 1_000_000;
    private const int DefaultTail = 100_000;
    private const int Rounds = 3;
    private const double CeilingSeconds = 10;
    private const double CeilingMiB = 1_024;
    private const int TailBatch = 20_000;
    private const int Captures = 11;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    public string Name => "recovery";

    public string About => "a million instances recovered by a new leader: time, memory";

    /// <param name="args">The instances, and the events after the snapshot.</param>
    public async Task RunAsync(string[] args)
    {
        switch (args)
        {
            case ["fill", var path, var instances, var tail]:
                await FillAsync(path, Number(instances), Number(tail));
                return;
            case ["recover", var path]:
                await RecoverAsync(path);
                return;
        }

        var directory = Directory.CreateTempSubdirectory("novacow-recovery-");
        try
        {
            var path = Path.Combine(directory.FullName, "control.db");
            var instances = args.Length > 0 ? Number(args[0]) : DefaultInstances;
            var tail = args.Length > 1 ? Number(args[1]) : DefaultTail;
            await ChildAsync("fill", path, $"{instances}", $"{tail}");
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{instances:n0} instances, {tail:n0} events after the snapshot, "
                    + $"{new FileInfo(path).Length / (1 << 20)} MiB of store"));
            for (var round = 0; round < Rounds; round++)
                await ChildAsync("recover", path);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static async Task FillAsync(string path, int instances, int tail)
    {
        await using var store = await SqliteStore.OpenAsync(path);
        await using var system = SystemOver(store);
        var fleet = new ManyInstances();
        var state = new SchedulerState(new SchedulerLimits());
        var founding = fleet.Founding().ToList();
        foreach (var happened in founding.Concat(fleet.Launches(instances)))
            state.Apply(happened);
        var (best, median) = CaptureMilliseconds(state);
        Console.WriteLine(
            $"capturing the state takes {best:F1} ms at best, median {median:F1} ms, "
                + MachineLoad.Now());
        var actor = system.ActorOf(Props.Create(() => new FillActor(FenceOf(store))));
        var start = Stopwatch.GetTimestamp();
        Console.WriteLine(
            $"snapshot {await actor.Ask<string>(new FillActor.Fill(founding, state), Patience)} "
                + $"in {Stopwatch.GetElapsedTime(start).TotalSeconds:F1} s");
        foreach (var events in fleet.Launches(tail / 4).Chunk(TailBatch))
            await actor.Ask<string>(new FillActor.Tail(events), Patience);
    }

    /// <summary>For how long a snapshot holds the scheduler up.</summary>
    private static (double Best, double Median) CaptureMilliseconds(SchedulerState state)
    {
        List<double> taken = [];
        for (var i = 0; i < Captures; i++)
        {
            var start = Stopwatch.GetTimestamp();
            GC.KeepAlive(state.ToSnapshot());
            taken.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        taken.Sort();
        return (taken[0], taken[Captures / 2]);
    }

    private static async Task RecoverAsync(string path)
    {
        var start = Stopwatch.GetTimestamp();
        await using var store = await SqliteStore.OpenAsync(path);
        await using var system = SystemOver(store);
        var scheduler = system.ActorOf(SchedulerActor.Props(new SchedulerSettings
        {
            Leadership = FenceOf(store),
        }));
        var page = await scheduler.Ask<SchedulerProtocol.InstancePage>(
            new SchedulerProtocol.ListInstances(null, 1, null, null), Patience);
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        var peak = PeakMiB();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"recovered {page.Total:n0} instances in {seconds:F1} s "
                + $"({seconds / CeilingSeconds:F2} x the ceiling of {CeilingSeconds} s), "
                + $"{Environment.CpuUsage.TotalTime.TotalSeconds:F1} s of processors, peak "
                + $"{peak:F0} MiB resident ({peak / CeilingMiB:F2} x the ceiling of "
                + $"{CeilingMiB} MiB), {MachineLoad.Now()}"));
    }

    private static ActorSystem SystemOver(IStore store)
    {
        var system = ActorSystem.Create("recovery");
        PersistenceExtension.Register(
            system, store, WireMessages.Register(new MessageSerializer()));
        return system;
    }

    private static Fence FenceOf(IStore store)
    {
        var lease = store.AcquireLeaseAsync(
            new LeaseRequest(
                "leader", $"{Environment.ProcessId}", "", TimeSpan.FromMilliseconds(1)),
            CancellationToken.None).GetAwaiter().GetResult();
        return new Fence("leader", lease.Epoch);
    }

    private static double PeakMiB()
    {
        var line = File.ReadLines("/proc/self/status").First(
            l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
        return Number(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) / 1024.0;
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static async Task ChildAsync(params string[] args)
    {
        using var child = Process.Start(Environment.ProcessPath!, ["recovery", .. args]);
        await child.WaitForExitAsync();
        if (child.ExitCode != 0)
            throw new InvalidOperationException($"recovery {args[0]} ended with {child.ExitCode}");
    }
}
