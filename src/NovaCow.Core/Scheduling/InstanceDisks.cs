namespace NovaCow.Core.Scheduling;

/// <summary>A launch's disks as clients see them: planned until they are made, then as they were
/// made, which may differ.</summary>
internal static class InstanceDisks
{
    public static DiskInfo[] Of(Launch launch) => launch.Disks.Count == 0
        ? [.. DiskPlan.For(launch.Spec.Image, launch.Spec.Flavor).Select(Planned)]
        : [.. launch.Disks.Where(d => !d.Name.IsBootFile).Select((d, i) => Made(launch, d, i))];

    public static BootInfo? BootOf(Launch launch)
    {
        var spec = launch.SpecNow();
        return spec.Kernel is null
            ? null
            : new BootInfo(
                File(launch, DiskName.Kernel, spec.Kernel),
                spec.Ramdisk is null ? null : File(launch, DiskName.Ramdisk, spec.Ramdisk),
                spec.Image.KernelArguments);
    }

    private static DiskInfo Planned(PlannedDisk disk) => new(
        disk.Name, disk.Device, disk.Base.Key(), disk.VirtualSizeBytes, null, null, null);

    private static DiskInfo Made(Launch launch, InstanceDisk disk, int index)
    {
        var device = disk.Device ?? DiskPlan.Device(index);
        return new DiskInfo(
            disk.Name, device, disk.BackingFile, disk.VirtualSizeBytes, disk.Path, disk.Format,
            disk.AllocatedBytes)
        {
            Driver = disk.Driver,
            Layout = disk.Layout,
            Partitions = disk.Layout == DiskLayout.Ec2 ? Partitions(launch.Spec, device) : [],
            IsDetached = disk.IsDetached,
        };
    }

    private static IReadOnlyList<PartitionInfo> Partitions(LaunchSpec spec, string device)
    {
        var root = new PartitionInfo(
            $"{device}1", DiskName.Root, DiskPlan.RootBytes(spec.Image, spec.Flavor));
        return spec.Flavor.EphemeralDisks is [{ SizeBytes: var bytes }, ..]
            ? [root, new PartitionInfo($"{device}2", DiskName.Ephemeral(0), bytes)]
            : [root];
    }

    private static BootFileInfo File(Launch launch, DiskName name, Image image) => new(
        image.Name, image.BaseKey(), launch.Disks.FirstOrDefault(d => d.Name == name)?.Path);
}

/// <summary>One partition of a disk that holds more than one thing.</summary>
/// <param name="Device">Its device in the guest, for example <c>/dev/vda1</c>.</param>
/// <param name="Name">What it is in a disk's stead.</param>
/// <param name="SizeBytes">Its size, in bytes.</param>
public sealed record PartitionInfo(string Device, DiskName Name, long SizeBytes);

/// <summary>What an instance boots with, where its root disk does not bring it.</summary>
/// <param name="Kernel">The kernel.</param>
/// <param name="Ramdisk">Its ramdisk.</param>
/// <param name="Arguments">Its command line.</param>
public sealed record BootInfo(BootFileInfo Kernel, BootFileInfo? Ramdisk, string? Arguments);

/// <summary>A file that an instance boots with.</summary>
/// <param name="Image">The image it came from.</param>
/// <param name="Base">The base that it is a link to.</param>
/// <param name="Path">The file on its host, once it is there.</param>
public sealed record BootFileInfo(ImageName Image, BaseKey Base, string? Path);
