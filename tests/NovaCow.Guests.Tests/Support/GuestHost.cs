using System.Security.Cryptography;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;
using NovaCow.Storage;
using NovaCow.Storage.Inspection;
using NovaCow.Testing.Guests;

namespace NovaCow.Guests.Tests;

/// <summary>A host's store with one driver on it, and the machines that its instances are.</summary>
internal sealed class GuestHost : IDisposable
{
    public const long MiB = 1 << 20;

    private static readonly ImageName s_name = ImageName.Parse("demo");
    private readonly GuestImage _image;

    public GuestHost(string folder, string driver, GuestImage image)
    {
        _image = image;
        Store = HostStore.Open(Path.Combine(folder, "store"));
        var inspector = new ImageInspector();
        Driver = driver switch
        {
            DriverName.Qcow2 => new Qcow2VolumeDriver(Store, inspector),
            DriverName.Reflink => ReflinkVolumeDriver.Open(Store, inspector),
            _ => new CopyVolumeDriver(Store, inspector),
        };
    }

    public HostStore Store { get; }

    public FileVolumeDriver Driver { get; }

    /// <summary>The demo image, whose size is its disk's.</summary>
    public Image Disk => Describe(_image.Disk, DiskFormat.Qcow2, GuestImage.DiskBytes);

    /// <summary>The demo image's root as a bare file system.</summary>
    public Image FileSystem =>
        Describe(_image.FileSystem, DiskFormat.Raw, GuestImage.FileSystemBytes);

    /// <summary>Its kernel.</summary>
    public Image Kernel => Describe(_image.Kernel, DiskFormat.Aki);

    /// <summary>Its kernel's ramdisk.</summary>
    public Image Ramdisk => Describe(_image.Ramdisk, DiskFormat.Ari);

    public void Dispose() => Store.Dispose();

    /// <summary>The base of an image, made by this driver.</summary>
    public async Task<BaseVolume> BaseAsync(Image image)
    {
        var content = new BaseContent.OfImage(image);
        var made = await Driver.EnsureBaseAsync(content, image.Source.LocalPath, null, default);
        return made.Value;
    }

    /// <summary>The disks of an instance as a launch makes them, with its record.</summary>
    public async Task<InstanceRecord> LaunchAsync(string id, Flavor flavor, Image? image = null)
    {
        image ??= Disk;
        await BaseAsync(image);
        List<InstanceDisk> disks = [];
        foreach (var planned in DiskPlan.For(image, flavor))
            disks.Add(await MakeAsync(id, planned));
        return await SaveAsync(id, flavor, disks);
    }

    public async Task<InstanceDisk> MakeAsync(string id, PlannedDisk planned)
    {
        if (planned.Base is BaseContent.OfBlank)
            await Driver.EnsureBaseAsync(planned.Base, null, null, default);
        return await CloneAsync(new CloneRequest(
            InstanceId.Parse(id), planned.Name, planned.Base.Key(), planned.VirtualSizeBytes));
    }

    public async Task<InstanceDisk> CloneAsync(CloneRequest request) =>
        (await Driver.EnsureDiskAsync(request, null, default)).Value;

    /// <summary>The kernel or the ramdisk of an instance.</summary>
    public async Task<InstanceDisk> BootFileAsync(string id, DiskName name, Image image)
    {
        var volume = await BaseAsync(image);
        return await CloneAsync(new CloneRequest(
            InstanceId.Parse(id), name, volume.Key, volume.VirtualSizeBytes));
    }

    public async Task<InstanceRecord> SaveAsync(
        string id, Flavor flavor, IReadOnlyList<InstanceDisk> disks)
    {
        var record = new InstanceRecord
        {
            Id = InstanceId.Parse(id),
            Fence = new LaunchFence(1, 1),
            Image = s_name,
            Flavor = flavor,
            Disks = disks,
            PreparedAt = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
        };
        await Store.SaveInstanceAsync(record, default);
        return record;
    }

    /// <summary>Changes one disk of an instance, and its record.</summary>
    public async Task<InstanceRecord> ChangeAsync(
        InstanceRecord record, DiskName name, DiskChange change)
    {
        var disk = record.Disks.Single(d => d.Name == name);
        var changed = await Driver.ChangeDiskAsync(
            new DiskChangeRequest(record.Id, disk, change), null, default);
        return await SaveAsync(
            record.Id.Value,
            record.Flavor,
            [.. record.Disks.Select(d => d.Name == name ? changed : d)]);
    }

    /// <summary>Makes an instance anew of an image as a rebuild does, and its record.</summary>
    public async Task<InstanceRecord> RebuildAsync(
        InstanceRecord record, InstanceChange.Rebuild change)
    {
        List<InstanceDisk> made = [];
        while (RebuildPlan.NextBootFile(change, record, made) is { } file)
        {
            var image = ((BaseContent.OfImage)file.Base).Image;
            made.Add(await BootFileAsync(record.Id.Value, file.Name, image));
        }

        var (steps, _) = ChangePlan.For(change, record, [Driver.Name]);
        await BaseAsync(change.Image);
        var root = await Driver.ChangeDiskAsync(
            new DiskChangeRequest(record.Id, steps[0].Disk, steps[0].Change), null, default);
        var done = RebuildPlan.Done(change, record, root, made);
        await Store.SaveInstanceAsync(done, default);
        foreach (var old in record.Disks.Except(done.Disks))
            await Driver.DeleteDiskAsync(record.Id, old.Name, default);
        return done;
    }

    /// <summary>The instance's machine.</summary>
    /// <param name="record">The instance.</param>
    /// <param name="commands">What its guest is told to do, and so that it boots with a kernel: its
    /// own if it has one, else the image's. Null: it boots from its disk.</param>
    public MachineSpec Machine(InstanceRecord record, string? commands) => new()
    {
        Id = record.Id,
        VCpus = record.Flavor.VCpus,
        MemoryBytes = record.Flavor.MemoryBytes,
        Disks =
        [
            .. record.Disks.Where(d => !d.Name.IsBootFile).Select((d, i) => new MachineDisk(
                d.Name, DiskPlan.Device(i), d.Path, d.Format, Store.BackingPath(d))),
        ],
        Kernel = commands is null
            ? null
            : new MachineKernel(
                PathOf(record, DiskName.Kernel) ?? _image.Kernel,
                PathOf(record, DiskName.Ramdisk) ?? _image.Ramdisk,
                $"{GuestImage.KernelArguments} novacow.run={commands}"),
        ConsolePath = Store.MachineFiles(record.Id).Console,
    };

    /// <summary>Boots the instance, and lets its guest do this until it is off.</summary>
    /// <returns>The lines that the guest said.</returns>
    public Task<IReadOnlyList<string>> RunAsync(InstanceRecord record, string commands) =>
        PlainGuest.RunAsync(Machine(record, commands));

    /// <summary>The digest of a base's bytes as they are now.</summary>
    public Digest DigestOf(BaseVolume volume) =>
        DigestOf(Path.Combine(Store.Root, "bases", volume.Key.Value, "base.raw"));

    public static Digest DigestOf(string path)
    {
        using var file = File.OpenRead(path);
        return Digest.Sha256(SHA256.HashData(file));
    }

    /// <summary>A size class for guests of tests.</summary>
    public static Flavor Sized(long rootBytes, long ephemeralBytes = 0, long swapBytes = 0) => new()
    {
        Name = FlavorName.Parse("m1.test"),
        VCpus = 1,
        MemoryBytes = 256 * MiB,
        RootDiskBytes = rootBytes,
        EphemeralDisks = ephemeralBytes == 0
            ? []
            : [new BlankSpec(ephemeralBytes, BlankFileSystem.Ext4)],
        SwapBytes = swapBytes,
    };

    private static string? PathOf(InstanceRecord record, DiskName name) =>
        record.Disks.FirstOrDefault(d => d.Name == name)?.Path;

    private static Image Describe(string path, DiskFormat format, long? virtualBytes = null)
    {
        var length = new FileInfo(path).Length;
        return new Image
        {
            Name = s_name,
            Source = new Uri("file://" + path),
            Digest = DigestOf(path),
            Format = format,
            SizeBytes = length,
            VirtualSizeBytes = virtualBytes ?? length,
            MinDiskBytes = virtualBytes ?? length,
        };
    }
}
