using System.Diagnostics;
using System.Globalization;
using NovaCow.Benchmarks.Node;
using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Cluster;
using NovaCow.Runtime.Remote;
using NovaCow.Runtime.Serialization;
using NovaCow.Store.Sqlite;

namespace NovaCow.Benchmarks.Link;

/// <summary>
/// How long a singleton is away: two processes share a SQLite store, this one is a client of
/// theirs, the leader is killed (or told to leave), and asks are repeated until one is answered.
/// </summary>
public sealed class FailoverBenchmark : IBenchmark
{
    private const double AkkaSeconds = 46;
    private const int Rounds = 5;
    private const string Lease = "scheduler";

    public string Name => "failover";

    public string About => "seconds without a leader when its process is killed, paused or stopped";

    public async Task RunAsync(string[] args)
    {
        if (args is ["serve", var name, var path])
        {
            await ServeAsync(name, path);
            return;
        }
        var directory = Directory.CreateTempSubdirectory("novacow-failover-");
        try
        {
            var killed = await MeasureAsync(directory.FullName + "/killed.db", isCrash: true);
            var left = await MeasureAsync(directory.FullName + "/left.db", isCrash: false);
            Console.WriteLine($"lease: {new LeaseTimings().TimeToLive.TotalSeconds} s");
            Print("killed (kill -9)", killed);
            Print("leaves", left);
            await ControlFailover.RunAsync();
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static void Print(string what, List<double> seconds)
    {
        seconds.Sort();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"leader {what,-18} median {seconds[seconds.Count / 2]:N2} s, worst " +
            $"{seconds[^1]:N2} s of {seconds.Count}; Akka.NET {AkkaSeconds} s: {AkkaSeconds / seconds[^1]:N0} times"));
    }

    private static async Task<List<double>> MeasureAsync(string path, bool isCrash)
    {
        var nodes = new List<(Process Process, string Name, string Address)>
        {
            await StartAsync("n0", path),
            await StartAsync("n1", path),
        };
        await using var system = ActorSystem.Create("client");
        LinkPeer.StartLinks(system, "client");
        system.ActorOf(ClusterSingletonProxy.Props(Settings()), "proxy");
        var seeds = nodes.ConvertAll(n => new Uri(n.Address));
        var dialer = system.ActorOf(LeaderDialer.Props(seeds), "dialer");
        var seconds = new List<double>();
        try
        {
            var leader = await AskAsync(system, atLeast: 1);
            for (var round = 0; round < Rounds; round++)
            {
                var index = nodes.FindIndex(n => n.Name == leader.Host);
                var begun = Stopwatch.GetTimestamp();
                if (isCrash)
                    nodes[index].Process.Kill();
                else
                    await nodes[index].Process.StandardInput.WriteLineAsync("leave");
                leader = await AskAsync(system, leader.Free + 1);
                seconds.Add(Stopwatch.GetElapsedTime(begun).TotalSeconds);

                await nodes[index].Process.WaitForExitAsync();
                nodes[index].Process.Dispose();
                nodes[index] = await StartAsync($"n{round + 2}", path);
                // Its address is new, so the client has to be told of it.
                await dialer.GracefulStop(TimeSpan.FromSeconds(10));
                dialer = system.ActorOf(
                    LeaderDialer.Props(nodes.ConvertAll(n => new Uri(n.Address))));
                await AskAsync(system, leader.Free);
            }
            return seconds;
        }
        finally
        {
            foreach (var (process, _, _) in nodes)
            {
                process.Kill();
                process.Dispose();
            }
        }
    }

    /// <summary>Asks until a singleton of that epoch answers.</summary>
    private static async Task<JsonLoad> AskAsync(ActorSystem system, long atLeast)
    {
        var begun = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(begun) < TimeSpan.FromSeconds(60))
        {
            try
            {
                var proxy = system.ResolveActorRef("akka://client/user/proxy");
                var answer = await proxy.Ask<JsonLoad>(
                    new LoadAck(1), TimeSpan.FromMilliseconds(500));
                if (answer.Free >= atLeast)
                    return answer;
            }
            catch (Exception e) when (e is AskTimeoutException or LinkException)
            {
                // Nobody leads yet.
            }
            await Task.Delay(TimeSpan.FromMilliseconds(5));
        }
        throw new TimeoutException($"no singleton of epoch {atLeast} answered within a minute");
    }

    private static async Task<(Process Process, string Name, string Address)> StartAsync(
        string name, string path)
    {
        var process = LinkPeer.StartSelf("failover", "serve", name, path);
        var address = await process.StandardOutput.ReadLineAsync()
            ?? throw new InvalidOperationException($"{name} did not start");
        return (process, name, address);
    }

    private static ClusterSingletonProxySettings Settings() => new()
    {
        Lease = Lease,
        SingletonPath = "/user/manager/singleton",
    };

    private static async Task ServeAsync(string name, string path)
    {
        await using var store = await SqliteStore.OpenAsync(path);
        await using var system = ActorSystem.Create("node");
        await LinkPeer.ListenAsync(async (address, serve) =>
        {
            serve(LinkPeer.StartLinks(system, name, address));
            var manager = system.ActorOf(
                ClusterSingletonManager.Props(
                    epoch => Props.Create(() => new Singleton(name, epoch)),
                    new()
                    {
                        Store = store,
                        Lease = Lease,
                        NodeName = name,
                        Address = address,
                    }),
                "manager");
            Console.WriteLine(address);
            await Console.In.ReadLineAsync();
            await manager.GracefulStop(TimeSpan.FromSeconds(10), LeaveCluster.Instance);
        });
    }

    private sealed class Singleton(string name, long epoch) : UntypedActor
    {
        protected override void OnReceive(object message) =>
            Sender.Tell(new JsonLoad(name, "", epoch, 0, ""), Self);
    }
}
