using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;

namespace NovaCow.Core.Tests.Scheduling;

/// <summary>Small things that tests are made of.</summary>
internal static class Given
{
    public const long GiB = 1L << 30;

    public static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static readonly HostCapacity Roomy = new(1_000, 1_000 * GiB, 10_000 * GiB);

    public static readonly Flavor Tiny = Flavors.Defaults[0];

    public static readonly Flavor Small = Flavors.Defaults[1];

    public static readonly HostUsage Usage = new(100, 50, 0, 0, 0, 0);

    public static readonly HostCounters Counters = new(0, 0, 0, 0, 0);

    public static Image Image(string name = "debian", byte seed = 1) => new()
    {
        Name = ImageName.Parse(name),
        Source = new Uri("file:///images/" + name),
        Digest = Digest.FromHash("sha256", Enumerable.Repeat(seed, 32).ToArray()),
        Format = DiskFormat.Qcow2,
        SizeBytes = 64 << 20,
        VirtualSizeBytes = GiB,
        MinDiskBytes = GiB,
    };

    public static LaunchSpec Spec(Flavor? flavor = null) => new(Image(), flavor ?? Tiny);

    public static HostId Host(string name) => HostId.Parse(name);

    public static InstanceId Id(string id) => InstanceId.Parse(id);

    public static BaseReport Base(Image image, BaseState state) => new()
    {
        Key = image.BaseKey(),
        State = state,
        Title = image.Name.Value,
        VirtualSizeBytes = image.VirtualSizeBytes,
    };

    public static HostView View(
        string name,
        int launches = 0,
        HostStatus status = HostStatus.Up,
        HostCapacity? capacity = null,
        params BaseReport[] bases) => new()
        {
            Id = Host(name),
            Status = status,
            Drivers = ["qcow2"],
            Capacity = capacity ?? Roomy,
            Claims = new Claims(launches, launches, launches * Tiny.MemoryBytes, launches * GiB),
            Bases = bases.ToDictionary(b => b.Key),
            Expected = new Dictionary<BaseKey, Expected>(),
        };

    public static Fleet Fleet(PlacementRules rules, params IEnumerable<HostView> hosts)
    {
        var fleet = new Fleet(rules);
        foreach (var host in hosts)
            fleet.Put(host);
        return fleet;
    }

    public static HostState Report(HostId host, string incarnation, HostPaces? paces = null) =>
        new(host, incarnation, Usage, Counters, paces ?? HostPaces.Unknown);

    public static HostFacts Facts(string host, params HostedInstance[] instances) => new()
    {
        Host = Host(host),
        Incarnation = host + "-1",
        Drivers = ["qcow2"],
        Capacity = Roomy,
        Bases = [],
        Instances = instances,
    };

    public static Launch Launch(LaunchPhase phase, int attempt = 1, string host = "a")
    {
        var id = Id("vm");
        List<LaunchEvent> events = [new LaunchAccepted(id, Spec(), Start)];
        if (phase != LaunchPhase.Accepted)
            events.Add(new LaunchPlaced(id, Host(host), new(1, attempt), "because", Start));
        if (phase is LaunchPhase.Committed or LaunchPhase.Active or LaunchPhase.Deleting)
            events.Add(new LaunchCommitted(id, Host(host), attempt, [], null, Start));
        if (phase is LaunchPhase.Active or LaunchPhase.Deleting)
            events.Add(new LaunchActivated(id, Host(host), attempt, Start));
        if (phase == LaunchPhase.Deleting)
            events.Add(new LaunchDeleting(id, Host(host), attempt, Start));
        if (phase == LaunchPhase.Failed)
            events.Add(new LaunchFailed(id, Host(host), attempt, Error(false), Start));
        return events.Aggregate((Launch?)null, Core.Scheduling.Launch.Apply)!;
    }

    public static LaunchError Error(bool retryable) =>
        new(LaunchErrorCode.VolumeDriver, "it broke", retryable);

    /// <summary>A scheduler with an image and connected hosts.</summary>
    public static SchedulerCore Scheduler(SchedulerLimits? limits = null, params string[] hosts)
    {
        var core = new SchedulerCore(limits ?? new SchedulerLimits(), Flavors.Defaults, epoch: 1);
        core.Start(Start);
        core.Register(Image(), Start);
        foreach (var host in hosts)
            core.Hello(Facts(host), Start);
        return core;
    }

    public static LaunchOrder Order(Flavor? flavor = null, LaunchOptions? options = null) =>
        new(Image().Name, (flavor ?? Tiny).Name) { Options = options ?? LaunchOptions.None };

    public static Decision Launch(this SchedulerCore core, params string[] ids) =>
        core.Launch(Order(), [.. ids.Select(Id)], Start);

    /// <summary>Takes a whole saved state in.</summary>
    public static void Recover(this SchedulerCore core, SchedulerCapture saved)
    {
        foreach (var part in saved.Parts())
            core.RecoverPart(part);
    }

    /// <summary>Takes a whole saved state in.</summary>
    public static void Restore(this SchedulerState state, SchedulerCapture saved)
    {
        foreach (var part in saved.Parts())
        {
            if (part is SchedulerSnapshot snapshot)
                state.Restore(snapshot);
            else
                state.Restore((SavedLaunches)part);
        }
    }
}
