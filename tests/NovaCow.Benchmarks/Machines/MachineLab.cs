using System.Security.Cryptography;
using NovaCow.Core;
using NovaCow.Hypervisor;
using NovaCow.Hypervisor.Libvirt;
using NovaCow.Storage;
using NovaCow.Storage.Inspection;
using NovaCow.Testing.Guests;

namespace NovaCow.Benchmarks.Machines;

/// <summary>A store, a libvirt of its own, NovaCow's hypervisor on it, and two images: the demo's,
/// and a blank one whose guest finds nothing to boot and so leaves the processors to others.
/// </summary>
internal sealed class MachineLab : IAsyncDisposable
{
    private const long MiB = 1 << 20;

    private static readonly Flavor s_flavor = new()
    {
        Name = FlavorName.Parse("m1.bench"),
        VCpus = 1,
        MemoryBytes = 256 * MiB,
        RootDiskBytes = 0,
        EphemeralDisks = [],
    };

    private static readonly DomainOptions s_options = new()
    {
        Host = "bench",
        Accelerator = DomainOptions.Qemu,
    };

    private readonly string _folder;
    private readonly HostStore _store;
    private readonly Qcow2VolumeDriver _driver;

    private MachineLab(string folder, LibvirtDaemon daemon)
    {
        _folder = folder;
        Daemon = daemon;
        _store = HostStore.Open(Path.Combine(folder, "store"));
        _driver = new Qcow2VolumeDriver(_store, new ImageInspector());
        var settings = new LibvirtSettings
        {
            Uri = daemon.Uri,
            Host = s_options.Host,
            StateFolder = Directory.CreateDirectory(Path.Combine(folder, "state")).FullName,
            Accelerator = DomainOptions.Qemu,
        };
        var xml = new MachineXml(
            (machine, accelerator) => DomainXml.Of(
                machine, DomainOptions.For(settings, accelerator)),
            disk => DomainXml.Disk(disk, s_options));
        Hypervisor = new LibvirtHypervisor(settings, xml, TimeProvider.System);
    }

    public LibvirtDaemon Daemon { get; }

    public IHypervisor Hypervisor { get; }

    /// <summary>The demo image's base.</summary>
    public required BaseVolume Demo { get; init; }

    /// <summary>The blank image's base.</summary>
    public required BaseVolume Blank { get; init; }

    public static async Task<MachineLab> MakeAsync(string folder)
    {
        var image = await GuestImage.GetAsync();
        var blank = Path.Combine(folder, "blank.raw");
        await using (var file = File.Create(blank))
            file.SetLength(GuestImage.DiskBytes);
        var (demo, none) = (
            Describe(image.Disk, DiskFormat.Qcow2), Describe(blank, DiskFormat.Raw));
        var daemon = await LibvirtDaemon.StartAsync();
        var store = Path.Combine(folder, "store");
        var (first, second) = await BasesAsync(store, demo, none);
        return new MachineLab(folder, daemon) { Demo = first, Blank = second };
    }

    /// <summary>An instance's disks and record, and its machine.</summary>
    public async Task<MachineSpec> MakeDisksAsync(string name, BaseVolume volume)
    {
        var id = InstanceId.Parse(name);
        var made = await _driver.EnsureDiskAsync(
            new CloneRequest(id, DiskName.Root, volume.Key, volume.VirtualSizeBytes),
            null,
            CancellationToken.None);
        await _store.SaveInstanceAsync(
            new InstanceRecord
            {
                Id = id,
                Fence = new LaunchFence(1, 1),
                Image = ImageName.Parse("bench"),
                Flavor = s_flavor,
                Disks = [made.Value],
                PreparedAt = DateTimeOffset.UnixEpoch,
            },
            CancellationToken.None);
        var disk = made.Value;
        return new MachineSpec
        {
            Id = id,
            VCpus = s_flavor.VCpus,
            MemoryBytes = s_flavor.MemoryBytes,
            Disks =
            [
                new MachineDisk(
                    disk.Name, DiskPlan.Device(0), disk.Path, disk.Format,
                    _store.BackingPath(disk)),
            ],
            ConsolePath = _store.MachineFiles(id).Console,
        };
    }

    /// <summary>The file with a machine's XML, for virsh.</summary>
    public async Task<string> WriteXmlAsync(MachineSpec machine)
    {
        var path = Path.Combine(_folder, $"{machine.Id}.xml");
        await File.WriteAllTextAsync(path, DomainXml.Of(machine, s_options));
        return path;
    }

    /// <summary>The same machine with a disk that is a full copy of its base.</summary>
    public async Task<MachineSpec> CopyAsync(MachineSpec machine)
    {
        var disk = machine.Disks[0];
        var path = Path.Combine(_folder, $"{machine.Id}.raw");
        await SystemTool.RunAsync("cp", "--reflink=never", disk.BackingPath!, path);
        await SystemTool.RunAsync("chmod", "u+w", path);
        return machine with { Disks = [disk with { Path = path, Format = "raw", BackingPath = null }] };
    }

    public async ValueTask DisposeAsync()
    {
        Hypervisor.Dispose();
        _store.Dispose();
        await Daemon.DisposeAsync();
    }

    private static async Task<(BaseVolume, BaseVolume)> BasesAsync(
        string folder, Image demo, Image blank)
    {
        using var store = HostStore.Open(folder);
        var driver = new Qcow2VolumeDriver(store, new ImageInspector());
        return (await MakeAsync(demo), await MakeAsync(blank));

        async Task<BaseVolume> MakeAsync(Image image)
        {
            var content = new BaseContent.OfImage(image);
            var made = await driver.EnsureBaseAsync(
                content, image.Source.LocalPath, null, CancellationToken.None);
            return made.Value;
        }
    }

    private static Image Describe(string path, DiskFormat format)
    {
        using var file = File.OpenRead(path);
        return new Image
        {
            Name = ImageName.Parse("bench"),
            Source = new Uri("file://" + path),
            Digest = Digest.Sha256(SHA256.HashData(file)),
            Format = format,
            SizeBytes = file.Length,
            VirtualSizeBytes = GuestImage.DiskBytes,
            MinDiskBytes = GuestImage.DiskBytes,
        };
    }
}
