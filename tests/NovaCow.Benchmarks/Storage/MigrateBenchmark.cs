using System.Diagnostics;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using NovaCow.Benchmarks.Node;
using NovaCow.Core;
using NovaCow.Storage;
using NovaCow.Storage.Inspection;
using NovaCow.Storage.Tests;

namespace NovaCow.Benchmarks.Storage;

/// <summary>
/// Makes a full copy that differs from its base in a twentieth copy-on-write, as qcow2 and, on XFS
/// in a loop device (as root), by sharing its blocks, beside a sequential read of the same disk, in
/// turns. Before each the kernel is told to forget the disk's pages, and the base's but for the
/// rounds that are called warm.
/// </summary>
internal sealed class MigrateBenchmark : IBenchmark
{
    private const int Rounds = 5;
    private const long DefaultGiB = 4;
    private const int PieceBytes = 2 << 20, RunBytes = 256 << 10;
    private const double Goal = 0.8;
    private static readonly InstanceId Instance = InstanceId.Parse("vm-1");

    private long DiskBytes { get; set; }

    public string Name => "migrate";

    public string About => "bytes a second of migrations to copy-on-write, beside a plain read";

    /// <param name="args">The directory to measure in, else the temporary one; and the size of
    /// the disk in GiB, else 4.</param>
    public async Task RunAsync(string[] args)
    {
        DiskBytes = (args.Length > 1 ? long.Parse(args[1]) : DefaultGiB) << 30;
        var root = BenchmarkFolder.Create(args);
        try
        {
            await MeasureAsync(root, DriverName.Qcow2);
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }

        if (LoopMount.WhyNot(LoopFileSystem.Xfs) is { } reason)
        {
            Console.WriteLine($"reflink: skipped: {reason}");
            return;
        }

        await using var mount = await LoopMount.MakeAsync(LoopFileSystem.Xfs, 4 * DiskBytes);
        await MeasureAsync(mount.Path, DriverName.Reflink);
    }

    private async Task MeasureAsync(string root, string driver)
    {
        using var store = HostStore.Open(Path.Combine(root, "store"));
        var inspector = new ImageInspector();
        var copies = new CopyVolumeDriver(store, inspector);
        FileVolumeDriver target = driver == DriverName.Qcow2
            ? new Qcow2VolumeDriver(store, inspector)
            : new ReflinkVolumeDriver(store, inspector);
        var volume = await MakeBaseAsync(copies, Path.Combine(root, "image"));
        var basePath = $"{store.Root}/bases/{volume}/base.raw";
        foreach (var isWarm in (bool[])[false, true])
        {
            List<Round> rounds = [];
            for (var i = 0; i < Rounds; i++)
            {
                var disk = await MakeDiskAsync(copies, volume);
                rounds.Add(await MeasureAsync(target, disk, (volume, basePath), isWarm));
                await target.DeleteDiskAsync(Instance, DiskName.Root, CancellationToken.None);
            }

            Print($"{driver}, base {(isWarm ? "warm" : "cold")}", rounds);
        }
    }

    private async Task<Round> MeasureAsync(
        FileVolumeDriver target,
        InstanceDisk disk,
        (BaseKey Key, string Path) volume,
        bool isWarm)
    {
        Forget(disk.Path);
        var read = Rate(() => ReadAll(disk.Path));
        Prepare();
        var both = Rate(() => Parallel.Invoke(
            () => ReadAll(disk.Path), () => ReadAll(volume.Path)));
        Prepare();
        var before = OwnBytes(disk.Path);
        var clock = Stopwatch.StartNew();
        var made = await target.ChangeDiskAsync(
            new DiskChangeRequest(Instance, disk, new DiskChange.Rebase(volume.Key)),
            null,
            CancellationToken.None);
        var rate = DiskBytes / clock.Elapsed.TotalSeconds;
        return new Round(rate, read, both, before, OwnBytes(made.Path));

        void Prepare()
        {
            Forget(disk.Path);
            if (isWarm)
                ReadAll(volume.Path);
            else
                Forget(volume.Path);
        }
    }

    private static void Print(string what, List<Round> rounds)
    {
        var median = rounds.OrderBy(r => r.Rate / r.Read).ElementAt(rounds.Count / 2);
        Console.WriteLine(
            $"{what}: {MiB(median.Rate):F0} MiB/s, sequential read of the disk "
                + $"{MiB(median.Read):F0} MiB/s: {median.Rate / median.Read:F2} x (goal {Goal}); "
                + $"bound, disk and base only read, at once: {MiB(median.Both):F0} MiB/s; "
                + $"own bytes {MiB(median.Before):F0} MiB before, {MiB(median.After):F0} after "
                + $"(median of {rounds.Count}: "
                + $"{string.Join(' ', rounds.Select(r => $"{r.Rate / r.Read:F2}"))})");
    }

    private async Task<BaseKey> MakeBaseAsync(FileVolumeDriver driver, string path)
    {
        var random = new Random(1);
        var piece = new byte[PieceBytes];
        await using (var file = File.Create(path))
        {
            for (long done = 0; done < DiskBytes; done += piece.Length)
            {
                random.NextBytes(piece);
                await file.WriteAsync(piece);
            }
        }

        var image = Describe(path);
        var made = await driver.EnsureBaseAsync(
            new BaseContent.OfImage(image), path, null, CancellationToken.None);
        File.Delete(path);
        return made.Value.Key;
    }

    private Image Describe(string path)
    {
        using var file = File.OpenRead(path);
        return new Image
        {
            Name = ImageName.Parse("bench"),
            Source = new Uri("file://" + path),
            Digest = Digest.Sha256(SHA256.HashData(file)),
            Format = DiskFormat.Raw,
            SizeBytes = DiskBytes,
            VirtualSizeBytes = DiskBytes,
            MinDiskBytes = DiskBytes,
        };
    }

    /// <summary>A full copy, and then runs of other bytes, spread evenly, a twentieth of it; the
    /// one that is there, if it was not changed in place.</summary>
    private async Task<InstanceDisk> MakeDiskAsync(FileVolumeDriver driver, BaseKey volume)
    {
        var request = new CloneRequest(Instance, DiskName.Root, volume, DiskBytes);
        var made = await driver.EnsureDiskAsync(request, null, CancellationToken.None);
        var disk = made.Value;
        if (!made.Created)
            return disk;
        var run = new byte[RunBytes];
        new Random(2).NextBytes(run);
        await using var file = new FileStream(disk.Path, FileMode.Open, FileAccess.Write);
        for (long at = 0; at < DiskBytes; at += 20 * RunBytes)
        {
            file.Position = at;
            await file.WriteAsync(run);
        }

        file.Flush(flushToDisk: true);
        return disk;
    }

    private double Rate(Action read)
    {
        var clock = Stopwatch.StartNew();
        read();
        return DiskBytes / clock.Elapsed.TotalSeconds;
    }

    private static void ReadAll(string path)
    {
        using var file = File.OpenHandle(path);
        var piece = new byte[PieceBytes];
        for (long at = 0, count = 1; count > 0; at += count)
            count = RandomAccess.Read(file, piece, at);
    }

    private static void Forget(string path)
    {
        using SafeFileHandle file = File.OpenHandle(path);
        if (LibC.posix_fadvise(file, 0, 0, LibC.POSIX_FADV_DONTNEED) != 0)
            throw new InvalidOperationException($"{path}: its pages cannot be forgotten");
    }

    /// <summary>The bytes that the file takes, without those that it shares.</summary>
    private static long OwnBytes(string path)
    {
        using var file = File.OpenHandle(path);
        return FileExtents.Read(file, path, CancellationToken.None)?.UniqueBytes
            ?? StoreFiles.Stat(file, path).AllocatedBytes;
    }

    private static double MiB(double bytes) => bytes / (1 << 20);

    private sealed record Round(
        double Rate, double Read, double Both, long Before, long After);
}
