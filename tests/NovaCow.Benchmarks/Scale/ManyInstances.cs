using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;

namespace NovaCow.Benchmarks.Scale;

/// <summary>The journal of a large fleet: hosts that joined, images, and instances with ids of 36
/// characters, each with what a real launch leaves behind.</summary>
internal sealed class ManyInstances
{
    public const int Hosts = 1_000;
    public const int Images = 100;
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly Random _random = new(1);
    private readonly List<HostId> _hosts;
    private readonly LaunchSpec[] _specs;
    private readonly Image[] _images;

    public ManyInstances()
    {
        _hosts = [.. Enumerable.Range(0, Hosts).Select(i => HostId.Parse($"compute-{i:d4}"))];
        _images = [.. Enumerable.Range(0, Images).Select(MakeImage)];
        var flavors = Flavors.Defaults.Where(f => f.RootDiskBytes > 0).Take(3);
        _specs = [.. _images.SelectMany(i => flavors.Select(f => new LaunchSpec(i, f)))];
    }

    public static HostCapacity Capacity { get; } = new(1_000_000, 1L << 50, 1L << 60);

    /// <summary>The fleet before its first launch.</summary>
    public IEnumerable<SchedulerEvent> Founding() =>
    [
        new ClusterFounded("benchmark", Start),
        .. _images.Select(i => new ImageRegistered(i, Start)),
        .. _hosts.Select(h => new HostJoined(h, $"{h}-1", "qcow2", Capacity, Start)),
    ];

    /// <summary>Launches from accepted to active, one after the other.</summary>
    public IEnumerable<SchedulerEvent> Launches(int count) =>
        Enumerable.Range(0, count).SelectMany(_ => Launch());

    public static Image MakeImage(int i) => new()
    {
        Name = ImageName.Parse($"image-{i}"),
        Source = new Uri($"https://images.example.org/{i}.qcow2"),
        Digest = Digest.Sha256([.. Enumerable.Repeat((byte)i, 32)]),
        Format = DiskFormat.Qcow2,
        SizeBytes = 300 << 20,
        VirtualSizeBytes = 1L << 30,
        MinDiskBytes = 1L << 30,
    };

    public static IReadOnlyList<InstanceDisk> DisksOf(InstanceId id, LaunchSpec spec) =>
    [
        .. DiskPlan.For(spec.Image, spec.Flavor).Select(d => new InstanceDisk
        {
            Name = d.Name,
            BackingFile = d.Base.Key(),
            VirtualSizeBytes = d.VirtualSizeBytes,
            AllocatedBytes = 196_616,
            Path = $"/var/lib/novacow/instances/{id}/{d.Name}.qcow2",
            Format = "qcow2",
        }),
    ];

    public static InstanceId IdOf(Random random)
    {
        var bytes = new byte[16];
        random.NextBytes(bytes);
        return InstanceId.Parse(new Guid(bytes).ToString());
    }

    private IEnumerable<SchedulerEvent> Launch()
    {
        var id = IdOf(_random);
        var host = _hosts[_random.Next(Hosts)];
        var spec = _specs[_random.Next(_specs.Length)];
        var at = Start + TimeSpan.FromSeconds(_random.Next(30_000_000) + _random.NextDouble());
        yield return new LaunchAccepted(id, spec, at);
        yield return new LaunchPlaced(
            id, host, new LaunchFence(1, 1),
            $"cache warm, {_random.Next(1_000)} launches there, emptiest host 17", at);
        at += TimeSpan.FromTicks(_random.Next(100_000_000));
        yield return new LaunchCommitted(
            id, host, 1, DisksOf(id, spec),
            new Preparation(true, TimeSpan.Zero, TimeSpan.FromTicks(_random.Next(1_000_000))), at);
        at += TimeSpan.FromTicks(_random.Next(10_000_000));
        yield return new LaunchActivated(id, host, 1, at);
    }
}
