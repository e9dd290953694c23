using System.Buffers.Binary;
using NovaCow.Core;

namespace NovaCow.Simulation;

/// <summary>Launches that come together.</summary>
/// <param name="At">When.</param>
/// <param name="Image">Of which image, by its place among the images.</param>
/// <param name="Flavor">Of which flavor.</param>
/// <param name="LifetimeSeconds">How long each lives once it is ready.</param>
internal sealed record Arrival(
    TimeSpan At, int Image, Flavor Flavor, IReadOnlyList<double> LifetimeSeconds);

/// <summary>A host is away for a time.</summary>
internal sealed record Outage(TimeSpan At, int Host, double Seconds);

/// <summary>A host's parts, as factors of a middling one's.</summary>
internal sealed record HostTraits(double Network, double Build, double Cloning, int MemoryGiB);

/// <summary>All that happens to a fleet from outside, drawn beforehand, so that every policy meets
/// the same.</summary>
internal sealed record Workload
{
    private const long GiB = 1L << 30;

    // Bases are sparse: of a virtual disk so much is written.
    private const double WrittenShare = 0.6;

    public static readonly double[] Networks = [0.5, 1, 1.5];

    public static readonly Flavor[] Flavors =
    [
        Sized("small", 1, 2), Sized("medium", 2, 4), Sized("large", 4, 8),
    ];

    private static readonly double[] s_flavorShares = [0.5, 0.8, 1];
    private static readonly int[] s_memoryGiB = [128, 192, 256];

    public required IReadOnlyList<HostTraits> Hosts { get; init; }

    public required IReadOnlyList<Image> Images { get; init; }

    public required IReadOnlyList<Arrival> Arrivals { get; init; }

    /// <summary>When which image is replaced by a new version.</summary>
    public required IReadOnlyList<(TimeSpan At, int Image)> Rollouts { get; init; }

    public required IReadOnlyList<Outage> Outages { get; init; }

    /// <summary>How long nothing is measured.</summary>
    public TimeSpan WarmUp(SimulationSettings settings)
    {
        var third = Arrivals.Count == 0 ? default : Arrivals[^1].At / 3;
        var wanted = TimeSpan.FromMinutes(settings.WarmUpMinutes);
        return wanted < third ? wanted : third;
    }

    public static Workload Draw(SimulationSettings settings)
    {
        var random = new Random(settings.Seed);
        var hosts = Enumerable.Range(0, settings.Hosts).Select(_ => TraitsOf(random)).ToList();
        var images = Enumerable.Range(0, settings.Images)
            .Select(i => ImageOf(settings, random, i)).ToList();
        var popularity = new Zipf(settings.Images, settings.ZipfExponent);
        return new Workload
        {
            Hosts = hosts,
            Images = images,
            Arrivals = ArrivalsOf(settings, random, popularity),
            Rollouts = [.. Times(random, settings.Minutes, settings.RolloutEveryMinutes)
                .Select(at => (at, popularity.Next(random)))],
            Outages = [.. Times(
                    random, settings.Minutes,
                    24 * 60 / (settings.FailuresPerHostDay * settings.Hosts))
                .Select(at => new Outage(
                    at, random.Next(settings.Hosts),
                    60 * Exponential(random, settings.AwayMinutes)))],
        };
    }

    /// <summary>An image's next version: other bytes of the same size.</summary>
    public static Image Version(Image image, int number, int version)
    {
        Span<byte> hash = stackalloc byte[32];
        BinaryPrimitives.WriteInt32BigEndian(hash, number);
        BinaryPrimitives.WriteInt32BigEndian(hash[4..], version);
        return image with
        {
            Name = ImageName.Parse($"image-{number}.{version}"),
            Digest = Digest.Sha256(hash),
        };
    }

    /// <summary>What an image's base takes of a store, in bytes.</summary>
    public static long AllocatedBytes(Image image) =>
        (long)(image.VirtualSizeBytes * WrittenShare);

    private static HostTraits TraitsOf(Random random) => new(
        Networks[random.Next(Networks.Length)],
        0.5 + random.NextDouble(),
        0.5 + random.NextDouble(),
        s_memoryGiB[random.Next(s_memoryGiB.Length)]);

    private static Image ImageOf(SimulationSettings settings, Random random, int number)
    {
        var gib = Math.Clamp(2 * Math.Exp(0.9 * Normal(random)), 0.5, 20);
        var bytes = (long)(gib * GiB) / 512 * 512;
        var sources = Math.Max(1, settings.Hosts / settings.HostsPerSource);
        var image = new Image
        {
            Name = ImageName.Parse("none"),
            Source = new Uri($"https://source-{random.Next(sources)}/image-{number}"),
            Digest = Digest.Sha256(new byte[32]),
            Format = DiskFormat.Qcow2,
            SizeBytes = bytes / 3,
            VirtualSizeBytes = bytes,
            MinDiskBytes = bytes,
        };
        return Version(image, number, 0);
    }

    private static List<Arrival> ArrivalsOf(
        SimulationSettings settings, Random random, Zipf popularity)
    {
        var memory = settings.Hosts * s_memoryGiB.Average() * settings.Placement.MemoryRatio;
        var perLaunch = (0.5 * 2) + (0.3 * 4) + (0.2 * 8);
        var perMinute = settings.Load * memory / perLaunch / settings.LifetimeMinutes;
        List<Arrival> arrivals =
        [
            .. Times(random, settings.Minutes, 1 / perMinute).Select(
                at => Arrive(random, popularity, at, (1, settings.LifetimeMinutes))),
            .. Times(random, settings.Minutes, settings.BurstEveryMinutes * 1_000 / settings.Hosts)
                .Select(at => Arrive(
                    random, popularity, at,
                    (settings.BurstLaunches, settings.BurstLifetimeMinutes))),
        ];
        arrivals = [.. arrivals.OrderBy(a => a.At)];
        if (settings.Launches == 0)
            return arrivals;
        var left = settings.Launches;
        return [.. arrivals.TakeWhile(a => (left -= a.LifetimeSeconds.Count) >= 0)];
    }

    private static Arrival Arrive(
        Random random, Zipf popularity, TimeSpan at, (int Count, double Minutes) burst)
    {
        var image = popularity.Next(random);
        var dice = random.NextDouble();
        return new Arrival(
            at,
            image,
            Flavors[Array.FindIndex(s_flavorShares, s => dice <= s)],
            [.. Enumerable.Range(0, burst.Count)
                .Select(_ => 60 * Exponential(random, burst.Minutes))]);
    }

    private static IEnumerable<TimeSpan> Times(Random random, double minutes, double every)
    {
        if (every <= 0 || double.IsInfinity(every))
            yield break;
        for (var at = Exponential(random, every); at < minutes; at += Exponential(random, every))
            yield return TimeSpan.FromMinutes(at);
    }

    private static double Exponential(Random random, double mean) =>
        -mean * Math.Log(1 - random.NextDouble());

    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble()))
            * Math.Cos(2 * Math.PI * random.NextDouble());

    private static Flavor Sized(string name, int vcpus, int memoryGiB) => new()
    {
        Name = FlavorName.Parse(name),
        VCpus = vcpus,
        MemoryBytes = memoryGiB * GiB,
        RootDiskBytes = 0,
    };

    private sealed class Zipf
    {
        private readonly double[] _upTo;

        public Zipf(int count, double exponent)
        {
            _upTo = new double[count];
            var sum = 0.0;
            for (var i = 0; i < count; i++)
                _upTo[i] = sum += 1 / Math.Pow(i + 1, exponent);
        }

        public int Next(Random random)
        {
            var found = Array.BinarySearch(_upTo, random.NextDouble() * _upTo[^1]);
            return Math.Min(found < 0 ? ~found : found, _upTo.Length - 1);
        }
    }
}
