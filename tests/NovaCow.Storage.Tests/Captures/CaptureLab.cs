using NovaCow.Core;
using NovaCow.Storage.Inspection;

namespace NovaCow.Storage.Tests;

/// <summary>A store with disks of every driver of files, and what makes images of them.</summary>
internal sealed class CaptureLab : IDisposable
{
    public const long MiB = TestImages.MiB;
    public static readonly Uri Address = new("https://host-1.test:8774/");

    public CaptureLab(string? parent = null, FaultInjector? faults = null)
    {
        Changes = new ChangeLab(parent, faults);
        Captures = new DiskCaptures(Changes.Store, new ImageInspector(), Address);
    }

    public ChangeLab Changes { get; }

    public DiskCaptures Captures { get; }

    public string Folder => Changes.Store.Layout.Captures;

    public void Dispose() => Changes.Dispose();

    /// <summary>A disk that a guest has written to.</summary>
    public async Task<DiskOf> DiskAsync(string driver, string id = "vm-1", int seed = 1)
    {
        var volume = await Changes.BaseAsync((2 * MiB) + (512 * seed), seed);
        var disk = await Changes.DiskAsync(driver, volume, id, 8 * MiB);
        await ChangeLab.WriteAsync(disk.Disk, seed);
        return disk;
    }

    public Task<CapturedImage> CaptureAsync(
        DiskOf disk,
        string? copy = null,
        IProgress<long>? progress = null,
        CancellationToken token = default) => Captures.CaptureAsync(
            new CaptureRequest(disk.Instance, disk.Disk, copy), progress, token);

    /// <summary>The names of the images and of all else beside them.</summary>
    public string[] Files() =>
        [.. Directory.GetFileSystemEntries(Folder).Select(f => Path.GetFileName(f)).Order()];

    public string FileOf(CapturedImage image) => Changes.Store.Layout.Capture(image.Digest);

    /// <summary>Makes a base of a captured image, as a host does that fetched it, and a clone.
    /// </summary>
    public async Task<InstanceDisk> LaunchAsync(string driver, CapturedImage image, string id)
    {
        var fetched = Changes.NewFile();
        File.Copy(FileOf(image), fetched);
        var host = Changes.Host(driver);
        var volume = await host.ImageAsync(fetched, image.Format, image.VirtualSizeBytes);
        Assert.Equal($"{image.Digest.Algorithm}-{image.Digest.Hex}", volume.Key.Value);
        return await host.CloneAsync(volume, id);
    }
}
