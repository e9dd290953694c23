using System.Diagnostics;
using System.Security.Cryptography;
using NovaCow.Benchmarks.Node;
using NovaCow.Core;
using NovaCow.Storage;
using NovaCow.Storage.Inspection;

namespace NovaCow.Benchmarks.Storage;

/// <summary>
/// How many bytes of a host's disk hundreds of instances take: clones of one image, in each of which
/// a guest (<c>qemu-io</c>) has written, beside the base and what was written.
/// </summary>
internal sealed class DensityBenchmark : IBenchmark
{
    private const long MiB = 1 << 20;
    private const long ImageBytes = 2048 * MiB;
    private const long DataBytes = 1024 * MiB;
    private const long WrittenBytes = 64 * MiB;

    public string Name => "density";

    public string About => "bytes on disk of 300 instances with 64 MiB written in each (20 GiB)";

    /// <param name="args">The directory, and how many instances; else the temporary one, and 300.
    /// </param>
    public async Task RunAsync(string[] args)
    {
        var count = args.Length > 1 ? int.Parse(args[1]) : 300;
        var root = BenchmarkFolder.Create(args);
        try
        {
            using var store = HostStore.Open(Path.Combine(root, "store"));
            var driver = new Qcow2VolumeDriver(store, new ImageInspector());
            var volume = await BaseAsync(driver, Path.Combine(root, "image"));
            for (var i = 0; i < count; i++)
            {
                var made = await driver.EnsureDiskAsync(
                    new CloneRequest(
                        InstanceId.Parse($"vm-{i}"), DiskName.Root, volume.Key, 10L << 30),
                    null,
                    CancellationToken.None);
                Write(made.Value.Path, at: (i % 16) * 100 * MiB);
            }

            var taken = BytesIn(store.Root);
            var least = volume.AllocatedBytes + (count * WrittenBytes);
            Console.WriteLine(
                $"{count} instances of {ImageBytes / MiB} MiB (base {volume.AllocatedBytes / MiB} "
                    + $"MiB), {WrittenBytes / MiB} MiB written in each: {taken / MiB} MiB on disk, "
                    + $"{(double)taken / least:0.0000} x base + what was written ({least / MiB} "
                    + "MiB); aim at most 1.05 x");
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private static async Task<BaseVolume> BaseAsync(Qcow2VolumeDriver driver, string path)
    {
        await using (var file = File.Create(path))
        {
            var piece = RandomNumberGenerator.GetBytes((int)MiB);
            for (var at = 0L; at < DataBytes; at += MiB)
                file.Write(piece);
            file.SetLength(ImageBytes);
        }

        var image = new Image
        {
            Name = ImageName.Parse("density"),
            Source = new Uri("file://" + path),
            Digest = Digest.FromHash("sha256", RandomNumberGenerator.GetBytes(32)),
            Format = DiskFormat.Raw,
            SizeBytes = ImageBytes,
            VirtualSizeBytes = ImageBytes,
            MinDiskBytes = ImageBytes,
        };
        var made = await driver.EnsureBaseAsync(
            new BaseContent.OfImage(image), path, null, CancellationToken.None);
        File.Delete(path);
        return made.Value;
    }

    private static void Write(string disk, long at)
    {
        var start = new ProcessStartInfo("qemu-io")
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            ArgumentList =
            {
                "-f", "qcow2", "-c", $"write -q -P 165 {at} {WrittenBytes}", disk,
            },
        };
        using var process = Process.Start(start)!;
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"qemu-io ended with {process.ExitCode}");
    }

    private static long BytesIn(string folder)
    {
        var start = new ProcessStartInfo("du", ["-s", "--block-size=1", folder])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        var said = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return long.Parse(said.Split('\t')[0]);
    }
}
