using System.Diagnostics;
using NovaCow.Core;
using NovaCow.Storage;

namespace NovaCow.Benchmarks.Storage;

/// <summary>
/// Durable clones a second by the qcow2 driver, 1 and 64 at a time, each for an instance of its own,
/// beside qemu-img processes at the same width in the same store, in turns.
/// </summary>
internal sealed class CloneBenchmark : IBenchmark
{
    private const int Rounds = 5;
    private const long DiskBytes = 10L << 30;

    public string Name => "clone";

    public string About => "durable qcow2 clones a second, beside qemu-img create";

    /// <param name="args">The directory to measure in; else one below the temporary directory.</param>
    public async Task RunAsync(string[] args)
    {
        var root = Path.Combine(args.FirstOrDefault() ?? Path.GetTempPath(), "novacow-clone-bench");
        Directory.CreateDirectory(root);
        try
        {
            using var store = HostStore.Open(Path.Combine(root, "store"));
            var driver = new Qcow2VolumeDriver(store, new NoInspection());
            await MeasureAsync(driver, store, root);
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private static async Task MeasureAsync(Qcow2VolumeDriver driver, HostStore store, string root)
    {
        var blank = new BaseContent.OfBlank(new BlankSpec(1L << 30, BlankFileSystem.Raw));
        var made = (await driver.EnsureBaseAsync(blank, null, null, CancellationToken.None)).Value;
        var file = Path.Combine(store.Root, "bases", made.Key.Value, "base.raw");
        var peerFolder = Directory.CreateDirectory(Path.Combine(root, "peer")).FullName;
        var peer = new QemuImgPeer(file, peerFolder);
        var ours = new Clones(driver, made.Key);

        // The first touch of a disk's blocks and inodes costs many times the second.
        Touch(root);
        await ours.MeasureAsync(1000, 64);
        foreach (var width in (int[])[1, 64])
        {
            List<(double Ours, double Peer, double Syncs)> rounds = [];
            for (var i = 0; i < Rounds; i++)
            {
                rounds.Add((
                    await ours.MeasureAsync(width == 1 ? 1000 : 4000, width),
                    peer.Measure(width == 1 ? 50 : 200, width),
                    SyncsPerSecond(root, Math.Min(width, 16))));
            }

            Print(width, rounds);
        }
    }

    private static void Print(int width, List<(double Ours, double Peer, double Syncs)> rounds)
    {
        var (ours, peer) = (Median(rounds.Select(r => r.Ours)), Median(rounds.Select(r => r.Peer)));
        var ratio = Median(rounds.Select(r => r.Ours / r.Peer));
        var syncs = Median(rounds.Select(r => r.Syncs));
        Console.WriteLine(
            $"clone, {width,2} at a time: {ours,6:F0} durable/s, qemu-img create {peer,4:F0}/s unsynced, "
                + $"{ratio:F1} x (median of {Rounds}); "
                + $"bound: {syncs:F0} fsync/s of one written block, three syncs a clone");
    }

    private static double Median(IEnumerable<double> values) =>
        values.Order().ElementAt(Rounds / 2);

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
                Path.Combine(root, $"sync-{i}"), FileMode.Create, FileAccess.Write, FileShare.None, 0);
            for (var n = 0; n < each; n++)
            {
                file.Position = 0;
                file.Write(new byte[512]);
                file.Flush(flushToDisk: true);
            }
        });
        return width * each / clock.Elapsed.TotalSeconds;
    }

    private sealed class Clones(IVolumeDriver driver, BaseKey key)
    {
        private int _next;

        public async Task<double> MeasureAsync(int count, int width)
        {
            var last = _next + count;
            var clock = Stopwatch.StartNew();
            await Task.WhenAll(Enumerable.Range(0, width).Select(_ => Task.Run(async () =>
            {
                for (int i; (i = Interlocked.Increment(ref _next)) <= last;)
                {
                    var id = InstanceId.Parse($"vm-{i}");
                    await driver.EnsureDiskAsync(
                        new CloneRequest(id, DiskName.Root, key, DiskBytes), CancellationToken.None);
                }
            })));
            _next = last;
            return count / clock.Elapsed.TotalSeconds;
        }
    }

    private sealed class NoInspection : IImageInspector
    {
        public Task<InspectionVerdict> InspectAsync(
            string path, DiskFormat? declared, CancellationToken cancellationToken) =>
            throw new NotSupportedException("this benchmark makes no base from an image");
    }
}
