using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using NovaCow.Core;

namespace NovaCow.Storage.Tests;

/// <summary>The conformance suite on a thin pool: what it looks at are volumes, not files.
/// </summary>
public abstract partial class LvmConformance : VolumeDriverConformance
{

    /// <summary>The pool, made or named by the subclass.</summary>
    private protected abstract LvmThinOptions Options { get; }

    /// <summary>Has a disk open, as a hypervisor would.</summary>
    private protected abstract IDisposable Hold(InstanceDisk disk);

    private protected override IVolumeDriver Create(HostStore store, IImageInspector inspector) =>
        LvmThinVolumeDriver.OpenAsync(store, inspector, Options).GetAwaiter().GetResult();

    private protected override DriverHost Open(
        string root, IImageInspector? inspector = null, StoreFiles? files = null)
    {
        var host = base.Open(root, inspector, files);
        return host with { Volumes = () => Volumes(host.Store, Options) };
    }

    private protected static DriverHost Open(
        string root, IImageInspector inspector, LvmThinOptions options)
    {
        var store = HostStore.Open(root);
        var driver = LvmThinVolumeDriver.OpenAsync(store, inspector, options)
            .GetAwaiter().GetResult();
        return new DriverHost(store, driver) { Volumes = () => Volumes(store, options) };
    }

    private protected override bool TellsOwnBytes => false;

    private protected override string BaseFile(DriverHost host, BaseVolume volume)
    {
        var name = NamesOf(host.Store).Base(volume.Key);
        Run(Options, "lvchange", "-y", "-ay", "-K", Full(name));
        var link = $"{Options.DeviceFolder}/{Options.VolumeGroup}/{name}";
        return File.ResolveLinkTarget(link, returnFinalTarget: true)!.FullName;
    }

    private protected override void AssertReadOnly(DriverHost host, BaseVolume volume) =>
        Assert.True(
            Report(Options).Find(NamesOf(host.Store).Base(volume.Key))!.IsReadOnly);

    private protected override long WholeSize(long bytes) => Report(Options).WholeExtents(bytes);

    private protected override void Damage(DriverHost host, BaseVolume volume) =>
        Extend(NamesOf(host.Store).Base(volume.Key), 2 * volume.VirtualSizeBytes);

    private protected override void Damage(InstanceDisk disk) => Run(
        Options, "lvchange", "-y", "--deltag", "novacow.state=ready",
        "--addtag", "novacow.state=building", Full(Path.GetFileName(disk.Path)));

    private protected override void Lose(InstanceDisk disk)
    {
        var store = Report(Options).Find(Path.GetFileName(disk.Path))!.Tags
            .First(t => t.StartsWith("novacow.store=", StringComparison.Ordinal));
        Run(
            Options, "lvremove", "-y", "-f", "-S", $"lv_tags={{{store}}}",
            Full(Path.GetFileName(disk.Path)));
    }

    [Fact]
    public override async Task A_full_disk_is_told_leaves_nothing_and_is_got_over()
    {
        // A mark below what is taken stands for a pool that is full: one that really is makes
        // every writer wait for a minute.
        using var folder = new TempFolder();
        var raw = folder.File("disk");
        File.WriteAllBytes(raw, RandomNumberGenerator.GetBytes((int)(16 * MiB)));
        using var roomy = Open(folder.File("store"), new TestInspector(), Options);
        var volume = await roomy.ImageAsync(raw, DiskFormat.Raw, 16 * MiB);
        roomy.Dispose();

        using (var full = Open(
            folder.File("store"), new TestInspector(), Options with { DataHighWaterPercent = 1 }))
        {
            for (var i = 0; i < 2; i++)
            {
                var refused = await Assert.ThrowsAsync<PortException>(() => i == 0
                    ? full.CloneAsync(volume, "vm-1")
                    : full.BlankAsync(2 * MiB));
                Assert.Equal(LaunchErrorCode.InsufficientStorage, refused.Error.Code);
                Assert.True(refused.Error.IsRetryable);
                Assert.Contains("lvextend", refused.Message, StringComparison.Ordinal);
                Assert.Single(full.Leftovers());
            }
        }

        using var again = Open(folder.File("store"), new TestInspector(), Options);
        await again.CommitAsync(volume, "vm-1");
        Assert.Equal(2, again.Leftovers().Length);
        await again.Driver.DeleteDiskAsync(InstanceId.Parse("vm-1"), DiskName.Root, default);
        await again.Driver.DeleteBaseAsync(volume.Key, default);
    }

    private protected static LvmReport Report(LvmThinOptions options) => LvmReport.Parse(
        Run(
            options, "lvs", "--reportformat", "json", "--units", "b", "--nosuffix",
            "-o", LvmReport.Columns, options.VolumeGroup),
        options.ThinPool);

    private protected static string Run(LvmThinOptions options, params string[] arguments)
    {
        var start = new ProcessStartInfo(options.LvmPath ?? "/usr/sbin/lvm", arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"lvm {arguments[0]}: {error.Result}");
        return output;
    }

    private protected static string StoreIdOf(HostStore store) => new LvmStore(store).Open();

    private protected static LvmNames NamesOf(HostStore store) => new(StoreIdOf(store));

    private protected void Extend(string volume, long bytes) => Run(
        Options, "lvextend", "-y", "-L", $"{bytes.ToString(CultureInfo.InvariantCulture)}b",
        Full(volume));

    private protected string Full(string volume) => $"{Options.VolumeGroup}/{volume}";

    /// <summary>One name for each base, instance and download of a store.</summary>
    private static string[] Volumes(HostStore store, LvmThinOptions options)
    {
        var id = StoreIdOf(store);
        HashSet<string> names = [];
        foreach (var volume in Report(options).Volumes)
        {
            if (VolumeMark.TryParse(volume.Tags, id, out var mark))
                names.Add(mark.Instance?.Value ?? mark.Base!.Value);
        }

        names.UnionWith(Entries("instances"));
        names.UnionWith(Entries("lvm/bases").Select(n => n.Replace(".json", "")));
        names.UnionWith(Entries("incoming"));
        return [.. names];

        IEnumerable<string> Entries(string folder) => Directory
            .EnumerateFileSystemEntries(Path.Combine(store.Root, folder))
            .Select(e => Path.GetFileName(e));
    }
}
