using NovaCow.Core;
using NovaCow.Storage;
using NovaCow.Storage.Inspection;
using NovaCow.Storage.Tests;

namespace NovaCow.Benchmarks.Storage;

/// <summary>A store on a file system that a benchmark makes for itself, with a base of one image.
/// </summary>
internal sealed class BenchmarkMount : IAsyncDisposable
{
    private const long MiB = 1 << 20;
    private const long MountBytes = 8L << 30;
    private readonly LoopMount _mount;

    private BenchmarkMount(LoopMount mount, HostStore store) => (_mount, Store) = (mount, store);

    public HostStore Store { get; }

    public string Path => _mount.Path;

    public string Kind => _mount.Kind.Name;

    /// <summary>Null, and why on the console, where none can be mounted.</summary>
    public static async Task<BenchmarkMount?> TryMakeAsync(LoopFileSystem kind)
    {
        if (LoopMount.WhyNot(kind) is { } reason)
        {
            Console.WriteLine($"{kind.Name}: skipped: {reason}");
            return null;
        }

        var mount = await LoopMount.MakeAsync(kind, MountBytes);
        Touch(mount.Path);
        return new BenchmarkMount(mount, HostStore.Open($"{mount.Path}/store"));
    }

    public IVolumeDriver Driver(string name)
    {
        var inspector = new ImageInspector();
        return name switch
        {
            DriverName.Qcow2 => new Qcow2VolumeDriver(Store, inspector),
            DriverName.Reflink => ReflinkVolumeDriver.Open(Store, inspector),
            DriverName.Copy => new CopyVolumeDriver(Store, inspector),
            _ => throw new ArgumentException($"{name} is no driver of files", nameof(name)),
        };
    }

    /// <summary>A base of 2 GiB, with so many bytes of data in one piece.</summary>
    public async Task<BaseVolume> BaseAsync(IVolumeDriver driver, long dataBytes)
    {
        var path = $"{Path}/image.raw";
        using (var file = File.Create(path))
        {
            var piece = new byte[MiB];
            new Random(1).NextBytes(piece);
            for (var at = 0L; at < dataBytes; at += piece.Length)
                file.Write(piece);
            file.SetLength(2L << 30);
        }

        var image = new Image
        {
            Name = ImageName.Parse("bench"),
            Source = new Uri("file://" + path),
            Digest = Digest.Sha256(new byte[32]),
            Format = DiskFormat.Raw,
            SizeBytes = 2L << 30,
            VirtualSizeBytes = 2L << 30,
            MinDiskBytes = 2L << 30,
        };
        var content = new BaseContent.OfImage(image);
        var made = await driver.EnsureBaseAsync(content, path, null, CancellationToken.None);
        File.Delete(path);
        return made.Value;
    }

    public async ValueTask DisposeAsync()
    {
        Store.Dispose();
        await _mount.DisposeAsync();
    }

    /// <summary>The first touch of a disk's blocks costs many times the second.</summary>
    private static void Touch(string folder)
    {
        var path = System.IO.Path.Combine(folder, "touch");
        using (var file = File.Create(path))
        {
            var piece = new byte[MiB];
            for (var i = 0; i < 1024; i++)
                file.Write(piece);
            file.Flush(flushToDisk: true);
        }

        File.Delete(path);
    }
}
