using System.Diagnostics;
using System.Security.Cryptography;
using NovaCow.Actors.Hosting;
using NovaCow.Actors.Protocols;
using NovaCow.Actors.Scheduling;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;
using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Persistence;
using NovaCow.Runtime.Serialization;
using NovaCow.Storage;
using NovaCow.Store.Sqlite;

namespace NovaCow.Benchmarks.Actors;

/// <summary>
/// Launches a second from the scheduler's command to active, on one warm host in one process: the
/// embedded journal, the real store and the qcow2 driver, without HTTP. Then the same instances are
/// deleted.
/// </summary>
public sealed class LaunchPathBenchmark : IBenchmark
{
    private const int Warmup = 300;
    private const int Launches = 3_000;
    private const int Rounds = 3;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly Flavor[] Sizes =
    [
        Of("bench-1", []),
        Of("bench-2", [new BlankSpec(10L << 30, BlankFileSystem.Raw)]),
    ];

    public string Name => "launch-path";

    public string About => "launches a second through scheduler, journal, host and store, no HTTP";

    /// <param name="args">The directory to measure in; else one below the temporary
    /// directory.</param>
    public async Task RunAsync(string[] args)
    {
        var parent = args.FirstOrDefault() ?? Path.GetTempPath();
        var root = Path.Combine(parent, "novacow-launch-bench");
        Directory.CreateDirectory(root);
        try
        {
            await using var journal = await SqliteStore.OpenAsync(Path.Combine(root, "journal.db"));
            using var store = HostStore.Open(Path.Combine(root, "store"));
            await using var system = ActorSystem.Create("bench");
            var scheduler = await StartAsync(system, journal, store, root);
            await MeasureAsync(scheduler, Sizes[0], 0, Warmup, 64);
            var next = Warmup;
            foreach (var flavor in Sizes)
            {
                foreach (var width in (int[])[1, 64])
                {
                    for (var round = 0; round < Rounds; round++)
                    {
                        var count = width == 1 ? Launches / 10 : Launches;
                        await MeasureAsync(scheduler, flavor, next, count, width, print: true);
                        next += count;
                    }
                }
            }
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private static async Task<IActorRef> StartAsync(
        ActorSystem system, IStore journal, HostStore store, string root)
    {
        PersistenceExtension.Register(
            system, journal, WireMessages.Register(new MessageSerializer()));
        var lease = await journal.AcquireLeaseAsync(
            new LeaseRequest("leader", "bench", "", TimeSpan.FromHours(1)), CancellationToken.None);
        var image = MakeImage(root);
        var scheduler = system.ActorOf(SchedulerActor.Props(new SchedulerSettings
        {
            Leadership = new Fence("leader", lease.Epoch),
            Flavors = Sizes,
        }));
        var ports = new CopyingSource();
        var host = system.ActorOf(HostActor.Props(new HostSettings
        {
            Id = HostId.Parse("bench"),
            Incarnation = "bench",
            Capacity = new HostCapacity(1_000_000, 1L << 50, 1L << 60),
            Drivers = new VolumeDriverSet(new Qcow2VolumeDriver(store, ports)),
            Store = store,
            Sources = [ports],
            Inspector = ports,
        }));
        host.Tell(new HostActor.Connected(scheduler));
        await scheduler.Ask<SchedulerProtocol.ImageRegistered>(
            new SchedulerProtocol.RegisterImage(image), Patience);
        while ((await scheduler.Ask<SchedulerProtocol.HostList>(
            new SchedulerProtocol.ListHosts(), Patience)).Hosts.Count == 0)
        {
            await Task.Delay(10);
        }

        return scheduler;
    }

    private static async Task MeasureAsync(
        IActorRef scheduler, Flavor flavor, int first, int count, int width, bool print = false)
    {
        var taken = new double[count];
        var next = -1;
        var start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, width).Select(async _ =>
        {
            while (Interlocked.Increment(ref next) is var i && i < count)
            {
                var began = Stopwatch.GetTimestamp();
                await LaunchAsync(scheduler, flavor, InstanceId.Parse($"vm-{first + i}"));
                taken[i] = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
            }
        }));
        var rate = count / Stopwatch.GetElapsedTime(start).TotalSeconds;
        start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(first, count).Select(
            i => DeleteAsync(scheduler, InstanceId.Parse($"vm-{i}"))));
        var removed = count / Stopwatch.GetElapsedTime(start).TotalSeconds;
        Array.Sort(taken);
        if (print)
        {
            Console.WriteLine(
                $"launch, {1 + flavor.EphemeralDisks.Count} disks, {width,2} at a time: "
                    + $"{rate,6:F0}/s, p50 {taken[count / 2]:F1} ms, "
                    + $"p99 {taken[count * 99 / 100]:F1} ms; all deleted at {removed:F0}/s");
        }
    }

    private static async Task LaunchAsync(IActorRef scheduler, Flavor flavor, InstanceId id)
    {
        await scheduler.Ask<SchedulerProtocol.LaunchAccepted>(
            new SchedulerProtocol.Launch(ImageName.Parse("bench"), flavor.Name, [id]), Patience);
        var found = await scheduler.Ask<SchedulerProtocol.InstanceFound>(
            new SchedulerProtocol.AwaitInstance(
                id, SchedulerProtocol.Awaited.Launched, Patience),
            Patience);
        if (found.Instance.Phase != LaunchPhase.Active)
            throw new InvalidOperationException($"{id}: {found.Instance.Error}");
    }

    private static async Task DeleteAsync(IActorRef scheduler, InstanceId id)
    {
        await scheduler.Ask<object>(new SchedulerProtocol.DeleteInstance(id), Patience);
        await scheduler.Ask<SchedulerProtocol.InstanceFound>(
            new SchedulerProtocol.AwaitInstance(id, SchedulerProtocol.Awaited.Deleted, Patience),
            Patience);
    }

    private static Image MakeImage(string root)
    {
        var path = Path.Combine(root, "bench.raw");
        var bytes = new byte[16 << 20];
        new Random(1).NextBytes(bytes);
        File.WriteAllBytes(path, bytes);
        return new Image
        {
            Name = ImageName.Parse("bench"),
            Source = new Uri(path),
            Digest = Digest.Sha256(SHA256.HashData(bytes)),
            Format = DiskFormat.Raw,
            SizeBytes = bytes.Length,
            VirtualSizeBytes = bytes.Length,
            MinDiskBytes = bytes.Length,
        };
    }

    private static Flavor Of(string name, BlankSpec[] ephemeral) => new()
    {
        Name = FlavorName.Parse(name),
        VCpus = 1,
        MemoryBytes = 1 << 20,
        RootDiskBytes = 1L << 30,
        EphemeralDisks = ephemeral,
    };

    /// <summary>Copies a file; its judgement is not what is measured.</summary>
    private sealed class CopyingSource : IImageSource, IImageInspector
    {
        public bool Handles(Uri source) => source.IsFile;

        public Task<FetchedImage> FetchAsync(
            FetchRequest request, IProgress<FetchProgress>? progress,
            CancellationToken cancellationToken)
        {
            File.Copy(request.Source.LocalPath, request.DestinationPath, overwrite: true);
            return Task.FromResult(new FetchedImage(
                request.DestinationPath, request.MaxBytes, request.Expected!, request.MaxBytes));
        }

        public Task<InspectionVerdict> InspectAsync(
            string path, DiskFormat? declared, CancellationToken cancellationToken) =>
            Task.FromResult<InspectionVerdict>(new InspectionVerdict.Accepted(
                DiskFormat.Raw, new FileInfo(path).Length, []));
    }
}
