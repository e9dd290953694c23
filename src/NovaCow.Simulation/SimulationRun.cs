using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;

namespace NovaCow.Simulation;

/// <summary>One policy in one workload: the product's own scheduler over hosts of the model, on
/// virtual time. A message takes no time.</summary>
internal sealed class SimulationRun : IModelCluster
{
    private const double TickSeconds = 1;
    private const double SampleSeconds = 10;

    private readonly Workload _workload;
    private readonly SchedulerCore _core;
    private readonly List<ModelHost> _hosts;
    private readonly Dictionary<HostId, ModelHost> _byId;
    private readonly Dictionary<string, SharedLink> _links = [];
    private readonly List<Image> _images;
    private readonly int[] _versions;
    private readonly Dictionary<InstanceId, double> _lifetimes = [];
    private readonly Placer _placer;
    private readonly TimeProvider _clock;
    private int _launches;
    private int _arrived;

    public SimulationRun(
        SimulationSettings settings, Workload workload, Placer placer, TimeProvider clock)
    {
        (Settings, _workload, _placer, _clock) = (settings, workload, placer, clock);
        Measured = new Measurements(Epoch + workload.WarmUp(settings));
        _core = new SchedulerCore(
            new SchedulerLimits { Placement = settings.Placement }, Workload.Flavors, epoch: 1)
        {
            Placer = Timed,
        };
        _core.Start(Epoch);
        _images = [.. workload.Images];
        _versions = new int[_images.Count];
        foreach (var image in _images)
            Carry(_core.Register(image, Epoch));
        _hosts = [.. workload.Hosts.Select((traits, i) => new ModelHost(this, i, traits))];
        _byId = _hosts.ToDictionary(h => h.Id);
    }

    public Agenda Agenda { get; } = new();

    public SimulationSettings Settings { get; }

    public DateTimeOffset Epoch { get; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public Measurements Measured { get; }

    /// <summary>Bytes that the hosts say they fetched.</summary>
    public long BytesFetched => _hosts.Sum(h => h.BytesFetched);

    /// <summary>Bytes of fetches that go on.</summary>
    public long BytesUnderWay => _hosts.Sum(h => h.BytesUnderWay);

    /// <summary>Bytes that the sources delivered.</summary>
    public double BytesDelivered => _links.Values.Sum(l => l.BytesDelivered);

    private DateTimeOffset Now => Epoch + Agenda.Now;

    private bool IsOver => _arrived == _workload.Arrivals.Count && Measured.Open == 0;

    /// <summary>Runs until every launch that came has ended.</summary>
    public void Run()
    {
        foreach (var host in _hosts)
            Carry(_core.Hello(host.Start(), Now));
        foreach (var (at, image) in _workload.Rollouts)
            Agenda.At(at, () => RollOut(image));
        foreach (var outage in _workload.Outages)
            Agenda.At(outage.At, () => Fail(outage));
        AwaitArrival();
        Tick();
        Sample();
        while (!IsOver && Agenda.Step())
        {
        }
    }

    public SharedLink LinkOf(Image image)
    {
        if (!_links.TryGetValue(image.SourceKey(), out var link))
        {
            _links[image.SourceKey()] = link = new SharedLink(
                Agenda, Settings.SourceBytesPerSecond, Workload.Networks.Select(
                    n => n * Settings.HostBytesPerSecond / Settings.MaxBuilds));
        }

        return link;
    }

    public void BaseChanged(HostId host, BaseReport report) =>
        _core.BaseChanged(host, report, Now);

    public void Reported(HostId host, string incarnation, HostPaces paces) => _core.Reported(
        new HostState(host, incarnation, s_usage, s_counters, paces), Now);

    public void Prepared(HostId host, ModelInstance instance)
    {
        var took = Agenda.Now - instance.AskedAt;
        var preparation = new Preparation(instance.IsWarm, default, took);
        Carry(_core.Prepared(host, instance.Id, instance.Fence, [], preparation, Now));
    }

    public void NoRoom(HostId host, InstanceId id, LaunchFence fence)
    {
        var error = new LaunchError(
            LaunchErrorCode.InsufficientStorage, $"host {host}: no room for a base", true);
        Carry(_core.AttemptFailed(host, id, fence, error, Now));
    }

    public void Activated(HostId host, ModelInstance instance) =>
        Carry(_core.Activated(host, instance.Id, instance.Fence, Now));

    public void Removed(HostId host, InstanceId id, LaunchFence fence) =>
        Carry(_core.Removed(host, id, fence, Now));

    private Placement Timed(
        PlacementRequest request, Fleet fleet, PlacementRules rules, DateTimeOffset now)
    {
        var start = _clock.GetTimestamp();
        var placement = _placer(request, fleet, rules, now);
        Measured.Decided(_clock.GetElapsedTime(start));
        return placement;
    }

    private void Carry(Decision decision)
    {
        foreach (var effect in decision.Effects)
        {
            switch (effect)
            {
                case SchedulerEffect.Prepare e:
                    Tell(e.Host, e);
                    break;
                case SchedulerEffect.Commit e:
                    Tell(e.Host, e);
                    break;
                case SchedulerEffect.Discard e:
                    Tell(e.Host, e);
                    break;
                case SchedulerEffect.Welcome e:
                    Tell(e.Host, e);
                    break;
                case SchedulerEffect.Settled e:
                    Settled(e.Instance);
                    break;
            }
        }
    }

    // What is said to a host that is away is lost.
    private void Tell(HostId id, SchedulerEffect command)
    {
        if (_byId[id] is { IsUp: true } host)
            host.Receive(command);
    }

    private void Settled(InstanceInfo instance)
    {
        Measured.Settled(instance);
        if (instance.Phase is LaunchPhase.Active or LaunchPhase.Failed
            && _lifetimes.Remove(instance.Id, out var seconds))
        {
            Agenda.After(seconds, () => Carry(_core.Delete(instance.Id, Now)));
        }
    }

    private void AwaitArrival()
    {
        if (_arrived == _workload.Arrivals.Count)
            return;
        var next = _workload.Arrivals[_arrived];
        Agenda.At(next.At, () =>
        {
            _arrived++;
            Launch(next);
            AwaitArrival();
        });
    }

    private void Launch(Arrival arrival)
    {
        foreach (var lifetimes in arrival.LifetimeSeconds.Chunk(
            SchedulerCore.MaxLaunchesPerCommand))
        {
            var ids = new List<InstanceId>(lifetimes.Length);
            foreach (var lifetime in lifetimes)
            {
                var id = InstanceId.Parse($"vm-{_launches++}");
                ids.Add(id);
                _lifetimes[id] = lifetime;
                Measured.Comes(id);
            }

            var order = new LaunchOrder(_images[arrival.Image].Name, arrival.Flavor.Name);
            var decision = _core.Launch(order, ids, Now);
            if (decision.Refusal is not null)
                ids.ForEach(id => Measured.Refused(id, Now));
            Carry(decision);
        }
    }

    private void RollOut(int image)
    {
        Carry(_core.Unregister(_images[image].Name, Now));
        _images[image] = Workload.Version(_images[image], image, ++_versions[image]);
        Carry(_core.Register(_images[image], Now));
    }

    private void Fail(Outage outage)
    {
        var host = _hosts[outage.Host];
        if (!host.IsUp)
            return;
        host.Fail();
        _core.Disconnected(host.Id, Now);
        Agenda.After(outage.Seconds, () => Carry(_core.Hello(host.Start(), Now)));
    }

    private void Tick()
    {
        Carry(_core.Tick(Now));
        Agenda.After(TickSeconds, Tick);
    }

    private void Sample()
    {
        if (_arrived < _workload.Arrivals.Count)
        {
            Measured.Sample(
                [.. _core.Views().All.Where(h => h.Status == HostStatus.Up)
                    .Select(h => h.FullestShare(Settings.Placement))],
                Now);
        }

        Agenda.After(SampleSeconds, Sample);
    }

    private static readonly HostUsage s_usage = new(0, 0, 0, 0, 0, 0);
    private static readonly HostCounters s_counters = new(0, 0, 0, 0, 0);
}
