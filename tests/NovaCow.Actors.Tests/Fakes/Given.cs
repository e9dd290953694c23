using NovaCow.Actors.Hosting;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;

namespace NovaCow.Actors.Tests.Fakes;

/// <summary>Small things that tests are made of.</summary>
internal static class Given
{
    public const long GiB = 1L << 30;

    public static readonly Image Image = ImageOf("debian", 1);

    /// <summary>Root, ephemeral and swap disks.</summary>
    public static readonly Flavor Small = Flavors.Defaults[1];

    /// <summary>A root disk only.</summary>
    public static readonly Flavor Tiny = Flavors.Defaults[0];

    public static readonly LaunchSpec Spec = new(Image, Small);

    public static readonly HostCapacity Roomy = new(10_000, 10_000 * GiB, 100_000 * GiB);

    public static Image ImageOf(string name, byte seed) => new()
    {
        Name = ImageName.Parse(name),
        Source = new Uri($"fake://images/{name}"),
        Digest = Digest.FromHash("sha256", Enumerable.Repeat(seed, 32).ToArray()),
        Format = DiskFormat.Qcow2,
        SizeBytes = 64 << 20,
        VirtualSizeBytes = GiB,
        MinDiskBytes = GiB,
    };

    public static HostId Host(string name = "a") => HostId.Parse(name);

    public static InstanceId Id(string id = "vm-1") => InstanceId.Parse(id);

    public static LaunchFence Fence(long epoch = 1, int attempt = 1) => new(epoch, attempt);

    public static HostSettings Settings(
        FakeDisk disk, string name = "a", HostLimits? limits = null, FakeCopies? copies = null)
        => new()
        {
            Id = Host(name),
            Incarnation = $"{name}-{Guid.NewGuid():N}",
            Capacity = Roomy,
            Drivers = disk.Name == DriverName.Copy
                ? new VolumeDriverSet(disk)
                : new VolumeDriverSet(
                    disk,
                    (IVolumeDriver?)copies ?? disk.Raw(DriverName.Copy),
                    disk.Raw(DriverName.Reflink)),
            Store = disk,
            Sources = [disk],
            Inspector = disk,
            Limits = limits ?? new HostLimits(),
            Jitter = () => 1,
        };
}
