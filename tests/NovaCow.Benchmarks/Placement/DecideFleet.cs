using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;

namespace NovaCow.Benchmarks.Placement;

/// <summary>What is special in a fleet that decisions are measured in.</summary>
internal enum DecideCluster
{
    /// <summary>A third of the hosts have the image.</summary>
    Warm,

    /// <summary>A few hosts make the base, and none has it.</summary>
    Fetching,

    /// <summary>No host has the image.</summary>
    Cold,

    /// <summary>One host in fifty has room.</summary>
    Full,

    /// <summary>Fifty images, by turns, each on one host in fifty.</summary>
    FiftyImages,
}

/// <summary>A fleet of unlike hosts, half full, in which launches are placed and end.</summary>
internal sealed class DecideFleet
{
    private const long GiB = 1L << 30;
    private const int FullLaunches = 144;

    private readonly Dictionary<HostId, HostView> _views = [];
    private readonly Queue<HostId> _placed = new();
    private readonly LaunchSpec[] _specs;

    public DecideFleet(int hosts, DecideCluster cluster)
    {
        Fleet = new Fleet(Rules);
        var random = new Random(20260101);
        _specs = [.. Enumerable.Range(0, cluster == DecideCluster.FiftyImages ? 50 : 1)
            .Select(i => new LaunchSpec(ImageOf(i), s_flavor))];
        for (var i = 0; i < hosts; i++)
            Put(Host(i, cluster, random));
    }

    public Fleet Fleet { get; }

    public PlacementRules Rules { get; } = new();

    private static readonly Flavor s_flavor = new()
    {
        Name = FlavorName.Parse("small"),
        VCpus = 1,
        MemoryBytes = 2 * GiB,
        RootDiskBytes = 0,
    };

    public PlacementRequest Request(int number) => new(
        InstanceId.Parse($"vm-{number}"), _specs[number % _specs.Length], []);

    /// <summary>Takes in that a host holds a launch more, or less.</summary>
    public void Claim(HostId host, LaunchSpec spec, int launches)
    {
        var (view, claim) = (_views[host], PlacementPolicy.ClaimOf(spec));
        Put(view with
        {
            Claims = new Claims(
                view.Claims.Launches + launches,
                view.Claims.VCpus + (launches * claim.VCpus),
                view.Claims.MemoryBytes + (launches * claim.MemoryBytes),
                view.Claims.DiskBytes + (launches * claim.DiskBytes)),
        });
        if (launches > 0)
            _placed.Enqueue(host);
    }

    /// <summary>Ends the launch that is there longest, once there are a hundred.</summary>
    public void Settle(int number)
    {
        if (_placed.Count > 100)
            Claim(_placed.Dequeue(), Request(number).Spec, -1);
    }

    private void Put(HostView view)
    {
        _views[view.Id] = view;
        Fleet.Put(view, view.Bases.Keys);
    }

    private HostView Host(int number, DecideCluster cluster, Random random)
    {
        var launches = cluster == DecideCluster.Full && number % 50 != 0
            ? FullLaunches
            : random.Next(40, 100);
        var image = cluster switch
        {
            DecideCluster.Warm or DecideCluster.Full when number % 3 == 0 => 0,
            DecideCluster.FiftyImages => number % 50,
            DecideCluster.Fetching when number < 3 => 0,
            _ => 1_000,
        };
        var bases = Enumerable.Range(2_000, 20).Append(image).Select(i => Base(
            i, cluster == DecideCluster.Fetching && i == 0 ? BaseState.Creating : BaseState.Ready));
        return new HostView
        {
            Id = HostId.Parse($"host-{number:00000}"),
            Status = HostStatus.Up,
            Drivers = [DriverName.Qcow2],
            Capacity = new HostCapacity(32, 192 * GiB, 4_096 * GiB),
            Claims = new Claims(launches, launches, launches * 2 * GiB, launches * 2 * GiB),
            Bases = bases.ToDictionary(b => b.Key),
            Expected = new Dictionary<BaseKey, Expected>(),
            Paces = new HostPaces
            {
                FetchBytesPerSecond = new Dictionary<string, double>
                {
                    ["source"] = (0.5 + random.NextDouble()) * 600e6,
                },
                BuildBytesPerSecond = (0.5 + random.NextDouble()) * 400e6,
                CloneSeconds = (0.5 + random.NextDouble()) * 0.01,
            },
        };
    }

    private static BaseReport Base(int number, BaseState state) => new()
    {
        Key = ImageOf(number).BaseKey(),
        State = state,
        Title = "image",
        VirtualSizeBytes = 2 * GiB,
        Step = state == BaseState.Creating ? BaseStep.Fetching : null,
    };

    private static Image ImageOf(int number) => new()
    {
        Name = ImageName.Parse($"image-{number}"),
        Source = new Uri("https://source/image"),
        Digest = Digest.Parse($"sha256:{number:x64}"),
        Format = DiskFormat.Qcow2,
        SizeBytes = 700 << 20,
        VirtualSizeBytes = 2 * GiB,
        MinDiskBytes = 2 * GiB,
    };
}
