using System.Diagnostics;
using System.Globalization;
using NovaCow.Actors.Protocols;
using NovaCow.Actors.Scheduling;
using NovaCow.Core;
using NovaCow.Core.Scheduling;
using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Persistence;
using NovaCow.Runtime.Serialization;
using NovaCow.Store.Postgres;
using NovaCow.Store.Sqlite;
using NovaCow.Testing.Postgres;

namespace NovaCow.Benchmarks.Scale;

/// <summary>
/// Launches that a scheduler takes and journals a second, with hosts that answer at once, so that
/// each launch's other events are journaled in the same time; without the HTTP API.
/// </summary>
public sealed class AcceptBenchmark : IBenchmark
{
    private const int DefaultHosts = 100;
    private const int Clients = 64;
    private const int Launches = 32_000;
    private const double Aim = 5_000;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public string Name => "accept";

    public string About => "launches accepted and journaled a second, with simulated hosts";

    /// <param name="args">How many hosts.</param>
    public async Task RunAsync(string[] args)
    {
        var hosts = args.Length > 0
            ? int.Parse(args[0], CultureInfo.InvariantCulture)
            : DefaultHosts;
        var directory = Directory.CreateTempSubdirectory("novacow-accept-");
        try
        {
            await using var store = await SqliteStore.OpenAsync(
                Path.Combine(directory.FullName, "control.db"));
            await MeasureAsync("SQLite", store, hosts);
            await MeasurePostgresAsync(hosts);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static async Task MeasurePostgresAsync(int hosts)
    {
        if (PrivatePostgres.Unavailable is { } reason)
        {
            Console.WriteLine($"PostgreSQL: not measured: {reason}");
            return;
        }

        await using var server = await PrivatePostgres.StartAsync();
        var url = await server.CreateDatabaseAsync("accept");
        if (!PostgresAddress.TryParse(url, out var address, out var problem))
            throw new InvalidOperationException(problem);
        await using var store = await PostgresStore.OpenAsync(
            new PostgresOptions { Address = address!, Migrate = true });
        await MeasureAsync("PostgreSQL", store, hosts);
    }

    private static async Task MeasureAsync(string name, IStore store, int hosts)
    {
        await using var system = ActorSystem.Create("accept");
        PersistenceExtension.Register(
            system, store, WireMessages.Register(new MessageSerializer()));
        var lease = await store.AcquireLeaseAsync(
            new LeaseRequest("leader", "accept", "", TimeSpan.FromHours(1)),
            CancellationToken.None);
        var scheduler = system.ActorOf(SchedulerActor.Props(new SchedulerSettings
        {
            Leadership = new Fence("leader", lease.Epoch),
        }));
        var image = ManyInstances.MakeImage(1);
        await scheduler.Ask<SchedulerProtocol.ImageRegistered>(
            new SchedulerProtocol.RegisterImage(image), Patience);
        for (var i = 0; i < hosts; i++)
        {
            var id = HostId.Parse($"compute-{i:d4}");
            system.ActorOf(Props.Create(() => new SimulatedHostActor(id, scheduler)));
        }

        while ((await scheduler.Ask<SchedulerProtocol.HostList>(
            new SchedulerProtocol.ListHosts(), Patience)).Hosts.Count < hosts)
        {
            await Task.Delay(10);
        }

        await LaunchAsync(scheduler, image.Name, batch: 10);
        foreach (var batch in (int[])[1, 50])
        {
            var cpu = Environment.CpuUsage.TotalTime;
            var (accepted, active) = await LaunchAsync(scheduler, image.Name, batch);
            var used = Environment.CpuUsage.TotalTime - cpu;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{name}, {hosts} hosts, {Clients} clients x {batch,2}: {Launches / accepted,7:n0} "
                    + $"launches/s accepted ({Launches / accepted / Aim:F2} x the aim of "
                    + $"{Aim:n0}), {Launches / active,7:n0}/s active; {used.TotalMicroseconds / Launches:F0} "
                    + $"us of processors for each, {MachineLoad.Now()}"));
        }
    }

    /// <returns>Seconds until all were acknowledged, and until all were active.</returns>
    private static async Task<(double Accepted, double Active)> LaunchAsync(
        IActorRef scheduler, ImageName image, int batch)
    {
        var start = Stopwatch.GetTimestamp();
        var left = Launches / batch;
        var last = new InstanceId[Clients];
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(async client =>
        {
            var random = new Random(HashCode.Combine(client, batch));
            while (Interlocked.Decrement(ref left) >= 0)
            {
                var ids = Enumerable.Range(0, batch).Select(
                    _ => ManyInstances.IdOf(random)).ToList();
                last[client] = ids[^1];
                await scheduler.Ask<SchedulerProtocol.LaunchAccepted>(
                    new SchedulerProtocol.Launch(image, Flavors.Defaults[0].Name, ids), Patience);
            }
        }));
        var accepted = Stopwatch.GetElapsedTime(start).TotalSeconds;
        await Task.WhenAll(last.Select(id => scheduler.Ask<SchedulerProtocol.InstanceFound>(
            new SchedulerProtocol.AwaitInstance(
                id, SchedulerProtocol.Awaited.Launched, Patience),
            Patience)));
        return (accepted, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }
}
