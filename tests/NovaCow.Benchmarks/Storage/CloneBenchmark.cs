using System.Diagnostics;
using NovaCow.Actors.Hosting;
using NovaCow.Benchmarks.Node;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Runtime.Actors;
using NovaCow.Storage;
using static NovaCow.Actors.Protocols.BaseVolumeProtocol;

namespace NovaCow.Benchmarks.Storage;

/// <summary>
/// Durable clones a second, 1 and 64 at a time, each for an instance of its own: through
/// BaseVolumeActor and by the qcow2 driver alone, beside qemu-img processes at the same width in
/// the same store, in turns.
/// </summary>
internal sealed class CloneBenchmark : IBenchmark
{
    private const int Rounds = 9;
    private const long DiskBytes = 10L << 30;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly LaunchFence Attempt = new(1, 1);

    public string Name => "clone";

    public string About =>
        "durable clones a second through BaseVolumeActor, or [qcow2|reflink|copy] by that driver";

    /// <param name="args">The directory to measure in, else the temporary one; or a driver, which
    /// is measured on file systems of its own.</param>
    public async Task RunAsync(string[] args)
    {
        if (args is [DriverName.Qcow2 or DriverName.Reflink or DriverName.Copy])
        {
            await DriverCloneBenchmark.RunAsync(args[0]);
            return;
        }

        var root = BenchmarkFolder.Create(args);
        try
        {
            using var store = HostStore.Open(Path.Combine(root, "store"));
            await using var system = ActorSystem.Create("clones");
            await MeasureAsync(system, store, root);
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private static async Task MeasureAsync(ActorSystem system, HostStore store, string root)
    {
        var blank = new BaseContent.OfBlank(new BlankSpec(1L << 30, BlankFileSystem.Raw));
        var driver = new Qcow2VolumeDriver(store, new NoImages());
        var actor = await ByActorAsync(system, store, driver, blank);
        var alone = new CloneMaker("driver", async id =>
        {
            var request = new CloneRequest(id, DiskName.Root, blank.Key(), DiskBytes);
            return (await driver.EnsureDiskAsync(request, null, CancellationToken.None)).Value;
        });

        // The first touch of a disk's blocks and inodes costs many times the second.
        Touch(root);
        await actor.MeasureAsync(2000, 64);
        var file = Path.Combine(store.Root, "bases", blank.Key().Value, "base.raw");
        var peer = ToolPeer.Of(driver.Name, file, $"{root}/peer");
        foreach (var width in (int[])[1, 64])
        {
            List<Round> rounds = [];
            for (var i = 0; i < Rounds; i++)
            {
                var count = width == 1 ? 300 : 2000;
                rounds.Add(new Round(
                    await actor.MeasureAsync(count, width),
                    peer.Measure(count / 10, width),
                    await alone.MeasureAsync(count, width),
                    await actor.MeasureAsync(count / 2, width, SaveAsync),
                    SyncsPerSecond(root, Math.Min(width, 16))));
            }

            Print(width, rounds);
        }

        Task SaveAsync(InstanceId id, InstanceDisk disk) =>
            store.SaveInstanceAsync(Record(id, disk), CancellationToken.None);
    }

    private static async Task<CloneMaker> ByActorAsync(
        ActorSystem system, HostStore store, Qcow2VolumeDriver driver, BaseContent content)
    {
        var host = new HostSettings
        {
            Id = HostId.Parse("bench"),
            Incarnation = "bench",
            Capacity = new HostCapacity(1, 1, 1),
            Drivers = new VolumeDriverSet(driver),
            Store = store,
            Sources = [],
            Inspector = new NoImages(),
        };
        var home = system.ActorOf(Props.Create(() => new BaseHome(host, content)));
        var volume = await home.Ask<IActorRef>(new BaseHome.WhichBase(), Patience);
        var root = new PlannedDisk(DiskName.Root, "/dev/vda", content, DiskBytes);
        return new CloneMaker("actor", async id =>
        {
            var answer = await volume.Ask<object>(new MakeDisk(id, Attempt, root, driver.Name), Patience);
            return answer is DiskMade made
                ? made.Disk
                : throw new InvalidOperationException($"{answer}");
        });
    }

    private static InstanceRecord Record(InstanceId id, InstanceDisk disk) => new()
    {
        Id = id,
        Fence = Attempt,
        Image = ImageName.Parse("bench"),
        Flavor = new Flavor
        {
            Name = FlavorName.Parse("m1.bench"),
            VCpus = 1,
            MemoryBytes = 1L << 30,
            RootDiskBytes = DiskBytes,
        },
        Disks = [disk],
        PreparedAt = DateTimeOffset.UnixEpoch,
    };

    private static void Print(int width, List<Round> rounds)
    {
        var floor = width == 1 ? 12 : 15;
        Console.WriteLine($"{width} at a time, median of {rounds.Count} rounds in turns:");
        Console.WriteLine(
            $"  through BaseVolumeActor {Median(rounds, r => r.Clones):F0} durable clones/s, "
                + $"qemu-img create unsynced {Median(rounds, r => r.Peer):F0}/s: "
                + $"{Median(rounds, r => r.Clones / r.Peer):F1} x (floor {floor})");
        Console.WriteLine(
            $"  by the driver alone {Median(rounds, r => r.Alone):F0}/s, through the actor and "
                + $"with the instance's record {Median(rounds, r => r.Committed):F0}/s");
        Console.WriteLine(
            $"  bound: {Median(rounds, r => r.Syncs):F0} fsync/s of a written block; "
                + "a clone is two, of a new file and a new directory");
    }

    private static double Median(List<Round> rounds, Func<Round, double> value) =>
        rounds.Select(value).Order().ElementAt(rounds.Count / 2);

    private static void Touch(string root)
    {
        var path = Path.Combine(root, "touch");
        using (var file = File.Create(path))
        {
            var piece = new byte[1 << 20];
            for (var i = 0; i < 256; i++)
                file.Write(piece);
            file.Flush(flushToDisk: true);
        }

        File.Delete(path);
    }

    private static double SyncsPerSecond(string root, int width)
    {
        const int each = 200;
        var clock = Stopwatch.StartNew();
        Parallel.For(0, width, new ParallelOptions { MaxDegreeOfParallelism = width }, i =>
        {
            using var file = new FileStream(
                Path.Combine(root, $"sync-{i}"),
                FileMode.Create,
                FileAccess.Write,
                FileShare.None,
                bufferSize: 0);
            for (var n = 0; n < each; n++)
            {
                file.Position = 0;
                file.Write(new byte[512]);
                file.Flush(flushToDisk: true);
            }
        });
        return width * each / clock.Elapsed.TotalSeconds;
    }

    private sealed record Round(
        double Clones, double Peer, double Alone, double Committed, double Syncs);

    private sealed class NoImages : IImageInspector
    {
        public Task<InspectionVerdict> InspectAsync(
            string path, DiskFormat? declared, CancellationToken cancellationToken) =>
            throw new NotSupportedException("this benchmark makes no base from an image");
    }
}
