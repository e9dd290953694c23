using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;

namespace NovaCow.Simulation.Tests;

/// <summary>Small things that tests are made of.</summary>
internal static class Given
{
    public const long GiB = 1L << 30;

    /// <summary>A fleet that a test has the time for, with all that can happen to one.</summary>
    public static readonly SimulationSettings Small = new()
    {
        Seed = 20260101,
        Hosts = 40,
        Images = 60,
        Minutes = 12,
        WarmUpMinutes = 2,
        LifetimeMinutes = 10,
        BurstLaunches = 60,
        BurstEveryMinutes = 0.1,
        RolloutEveryMinutes = 2,
        FailuresPerHostDay = 60,
        AwayMinutes = 1,
        BaseStoreBytes = 30 * GiB,
    };

    public static Image Image(int number) => Workload.Version(
        new Image
        {
            Name = ImageName.Parse("none"),
            Source = new Uri($"https://source-{number % 2}/image"),
            Digest = Digest.Sha256(new byte[32]),
            Format = DiskFormat.Qcow2,
            SizeBytes = (number + 1) * (GiB / 3),
            VirtualSizeBytes = (number + 1) * GiB,
            MinDiskBytes = GiB,
        },
        number,
        0);

    public static HostView Host(string name) => new()
    {
        Id = HostId.Parse(name),
        Status = HostStatus.Up,
        Drivers = [DriverName.Qcow2],
        Capacity = new HostCapacity(32, 192 * GiB, 4_096 * GiB),
        Claims = default,
        Bases = new Dictionary<BaseKey, BaseReport>(),
        Expected = new Dictionary<BaseKey, Expected>(),
    };
}
