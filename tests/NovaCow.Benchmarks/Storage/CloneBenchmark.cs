using System.Diagnostics;
using NovaCow.Core;
using NovaCow.Storage;

namespace NovaCow.Benchmarks.Storage;

/// <summary>
/// Durable clones a second by the qcow2 driver, 1 and 64 at a time, each for an instance of its
/// own, beside qemu-img processes at the same width in the same store, in turns.
/// </summary>
internal sealed class CloneBenchmark : IBenchmark
{
    private const int Rounds = 9;

    public string Name => "clone";

    public string About => "durable qcow2 clones a second, beside qemu-img create";

    /// <param name="args">The directory to measure in; else the temporary one.</param>
    public async Task RunAsync(string[] args)
    {
        var root = Path.Combine(
            args.FirstOrDefault() ?? Path.GetTempPath(),
            $"novacow-clone-bench-{Environment.ProcessId}");
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
        var clones = new CloneMaker(driver, store, made.Key);

        // The first touch of a disk's blocks and inodes costs many times the second.
        Touch(root);
        await clones.MeasureAsync(1000, 64, withRecord: false);
        foreach (var width in (int[])[1, 64])
        {
            List<Round> rounds = [];
            for (var i = 0; i < Rounds; i++)
            {
                var count = width == 1 ? 300 : 2000;
                rounds.Add(new Round(
                    await clones.MeasureAsync(count, width, withRecord: false),
                    peer.Measure(count / 12, width),
                    await clones.MeasureAsync(count / 2, width, withRecord: true),
                    SyncsPerSecond(root, Math.Min(width, 16))));
            }

            Print(width, rounds);
        }
    }

    private static void Print(int width, List<Round> rounds)
    {
        Console.WriteLine($"{width} at a time, median of {rounds.Count} rounds in turns:");
        Console.WriteLine(
            $"  durable clones {Median(rounds, r => r.Clones):F0}/s, qemu-img create unsynced "
                + $"{Median(rounds, r => r.Peer):F0}/s: "
                + $"{Median(rounds, r => r.Clones / r.Peer):F1} x");
        Console.WriteLine(
            $"  with the instance's record {Median(rounds, r => r.Committed):F0}/s");
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

    private sealed record Round(double Clones, double Peer, double Committed, double Syncs);

    private sealed class NoInspection : IImageInspector
    {
        public Task<InspectionVerdict> InspectAsync(
            string path, DiskFormat? declared, CancellationToken cancellationToken) =>
            throw new NotSupportedException("this benchmark makes no base from an image");
    }
}
