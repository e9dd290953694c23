using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using NovaCow.Benchmarks.Node;
using NovaCow.Core;
using NovaCow.Storage;
using NovaCow.Storage.Inspection;

namespace NovaCow.Benchmarks.Storage;

/// <summary>
/// Full, durable copies by the driver copy beside <c>cp --sparse=always</c> and <c>sync</c> of its
/// file, in turns, of the same base that is in memory for both; and what 64 copies at once leave
/// waiting in memory.
/// </summary>
internal sealed class CopyBenchmark : IBenchmark
{
    private const int Rounds = 7;
    private const int AtOnce = 64;
    private const long MiB = 1 << 20;
    private const long DiskBytes = 2L << 30;
    private const long SmallBytes = 128 * MiB;
    private const double Floor = 0.9;

    public string Name => "copy";

    public string About => "full copies by the driver copy, beside cp --sparse=always and sync";

    /// <param name="args">The directory to measure in; else the temporary one.</param>
    public async Task RunAsync(string[] args)
    {
        var root = BenchmarkFolder.Create(args);
        try
        {
            using var store = HostStore.Open(Path.Combine(root, "store"));
            var driver = new CopyVolumeDriver(store, new ImageInspector());
            var large = await BaseAsync(driver, Path.Combine(root, "large"), DiskBytes);
            await CompareAsync(driver, store, large);
            var small = await BaseAsync(driver, Path.Combine(root, "small"), SmallBytes);
            await ManyAsync(driver, small);
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private static async Task CompareAsync(
        CopyVolumeDriver driver, HostStore store, BaseVolume volume)
    {
        var file = Path.Combine(store.Root, "bases", volume.Key.Value, "base.raw");
        var copy = Path.Combine(store.Root, "..", "copy");
        List<(double Ours, double Peer)> rounds = [];

        // The first round touches the disk's blocks, which costs many times the second.
        for (var round = -1; round < Rounds; round++)
        {
            var (ours, peer) = (0.0, 0.0);
            for (var turn = 0; turn < 2; turn++)
            {
                ReadWhole(file);
                if ((turn + round) % 2 == 0)
                    ours = await SecondsAsync(() => MakeAsync(driver, volume, "vm"));
                else
                    peer = await SecondsAsync(() => Task.Run(() => CopyByTools(file, copy)));
                await driver.DeleteDiskAsync(InstanceId.Parse("vm"), DiskName.Root, default);
                File.Delete(copy);
                Run("sync", "-f", store.Root);
            }

            if (round >= 0)
                rounds.Add((ours, peer));
        }

        var ratio = Median(rounds, r => r.Peer / r.Ours);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"a disk of {volume.VirtualSizeBytes / MiB} MiB with {volume.AllocatedBytes / MiB} MiB "
                + $"of data, median of {Rounds} rounds in turns, base in memory:"));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"  driver copy {Median(rounds, r => r.Ours):F2} s, cp --sparse=always and sync "
                + $"{Median(rounds, r => r.Peer):F2} s: {ratio:F2} x its speed (floor {Floor})"));
    }

    private static async Task ManyAsync(CopyVolumeDriver driver, BaseVolume volume)
    {
        using var done = new CancellationTokenSource();
        var before = UnwrittenBytes();
        var peak = Task.Run(async () =>
        {
            var most = before;
            while (!done.IsCancellationRequested)
            {
                most = Math.Max(most, UnwrittenBytes());
                await Task.Delay(5);
            }

            return most;
        });
        var seconds = await SecondsAsync(() => Task.WhenAll(
            Enumerable.Range(0, AtOnce).Select(i => MakeAsync(driver, volume, $"vm-{i}"))));
        await done.CancelAsync();
        var bytes = AtOnce * volume.AllocatedBytes;
        var waited = await peak - before;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{AtOnce} copies at once of {volume.AllocatedBytes / MiB} MiB each: {seconds:F1} s, "
                + $"{bytes / MiB / seconds:F0} MiB/s; at most "
                + $"{waited / MiB} MiB more waited in memory than before"));
    }

    private static async Task<BaseVolume> BaseAsync(
        CopyVolumeDriver driver, string path, long bytes)
    {
        WriteImage(path, bytes);
        await using var image = File.OpenRead(path);
        var digest = Digest.Sha256(await SHA256.HashDataAsync(image));
        var content = new BaseContent.OfImage(new Image
        {
            Name = ImageName.Parse("bench"),
            Source = new Uri("file://" + path),
            Digest = digest,
            Format = DiskFormat.Raw,
            SizeBytes = bytes,
            VirtualSizeBytes = bytes,
            MinDiskBytes = bytes,
        });
        return (await driver.EnsureBaseAsync(content, path, null, default)).Value;
    }

    /// <summary>As an installed system lies in its image: pieces of data with holes between them,
    /// and nothing in its last third.</summary>
    private static void WriteImage(string path, long bytes)
    {
        var random = new Random(1);
        var piece = new byte[MiB];
        using var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write);
        RandomAccess.SetLength(file, bytes);
        for (long at = 0; at < bytes * 2 / 3; at += MiB)
        {
            random.NextBytes(piece);
            if (at / MiB % 8 < 6)
                RandomAccess.Write(file, piece, at);
        }
    }

    private static Task MakeAsync(CopyVolumeDriver driver, BaseVolume volume, string instance) =>
        driver.EnsureDiskAsync(
            new CloneRequest(
                InstanceId.Parse(instance), DiskName.Root, volume.Key, volume.VirtualSizeBytes),
            null,
            default);

    private static void CopyByTools(string from, string to)
    {
        Run("cp", "--sparse=always", from, to);
        Run("sync", to);
    }

    private static void Run(string tool, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(tool, arguments))!;
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{tool} failed with {process.ExitCode}");
    }

    private static void ReadWhole(string path)
    {
        var buffer = new byte[MiB];
        using var file = File.OpenRead(path);
        while (file.Read(buffer) > 0)
        {
        }
    }

    private static async Task<double> SecondsAsync(Func<Task> work)
    {
        var clock = Stopwatch.StartNew();
        await work();
        return clock.Elapsed.TotalSeconds;
    }

    /// <summary>What the kernel has yet to write, for the whole machine.</summary>
    private static long UnwrittenBytes() => File.ReadLines("/proc/meminfo")
        .Where(line => line.StartsWith("Dirty:", StringComparison.Ordinal)
            || line.StartsWith("Writeback:", StringComparison.Ordinal))
        .Sum(line => long.Parse(
            line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
            CultureInfo.InvariantCulture) * 1024);

    private static double Median(
        List<(double Ours, double Peer)> rounds, Func<(double Ours, double Peer), double> value) =>
        rounds.Select(value).Order().ElementAt(rounds.Count / 2);
}
