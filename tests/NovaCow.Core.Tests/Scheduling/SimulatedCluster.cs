using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;

namespace NovaCow.Core.Tests.Scheduling;

/// <summary>
/// A scheduler, its journal and three hosts under a seeded schedule that loses, repeats and
/// reorders messages, cuts links and kills processes; it knows what was promised to clients.
/// </summary>
internal sealed partial class SimulatedCluster
{
    private static readonly SchedulerLimits Limits = new()
    {
        HostGrace = TimeSpan.FromSeconds(5),
        ResendAfter = TimeSpan.FromSeconds(2),
        MaxResendAfter = TimeSpan.FromSeconds(4),
        LaunchDeadline = TimeSpan.FromSeconds(60),
    };

    private static readonly LaunchOptions[] Choices =
    [
        LaunchOptions.None, LaunchOptions.None, new() { Driver = DriverName.Copy },
        new() { Group = GroupName.Parse("apart"), Priority = 1 },
    ];

    private static readonly Preparation Quick = new(true, TimeSpan.Zero, TimeSpan.Zero);

    private readonly Random _random;
    private readonly List<SchedulerEvent> _journal = [];
    private readonly List<(SimulatedHost To, SchedulerEffect Command)> _down = [];
    private readonly List<Said> _up = [];
    private readonly HashSet<InstanceId> _acknowledged = [];
    private readonly HashSet<InstanceId> _deleted = [];
    private readonly Dictionary<InstanceId, HostId> _committedOn = [];
    private readonly Dictionary<InstanceId, LaunchOptions> _options = [];
    private SchedulerCore _core;
    private long _epoch = 1;
    private DateTimeOffset _now = Given.Start;

    public SimulatedCluster(int seed)
    {
        _random = new Random(seed);
        _core = new SchedulerCore(Limits, Flavors.Defaults, _epoch);
        _core.Start(_now);
        Take(_core.Register(Given.Image(), _now));
        Take(_core.Register(OtherImage, _now));
        foreach (var host in Hosts)
            Hear(new Said.Hello(host.Facts()));
    }

    private SimulatedHost[] Hosts { get; } =
    [
        new SimulatedHost("a"), new SimulatedHost("b"),
        new SimulatedHost("c", DriverName.Qcow2, DriverName.Copy),
    ];

    /// <summary>One thing happens.</summary>
    public void Step()
    {
        var host = Hosts[_random.Next(Hosts.Length)];
        switch (_random.Next(136))
        {
            case < 10:
                Launch(Given.Id($"vm-{_random.Next(6)}"));
                break;
            case < 15:
                var doomed = Given.Id($"vm-{_random.Next(6)}");
                if (Take(_core.Delete(doomed, _now)))
                    _deleted.Add(doomed);
                break;
            case < 45:
                DeliverDown(_random.Next(4) == 0);
                break;
            case < 75:
                DeliverUp();
                break;
            case < 85:
                _now += TimeSpan.FromSeconds(_random.Next(4));
                Take(_core.Tick(_now));
                break;
            case < 89:
                _core.Disconnected(host.Id, _now);
                break;
            case < 94:
                _up.Add(new Said.Hello(host.Facts()));
                break;
            case < 97:
                host.Crash();
                _core.Disconnected(host.Id, _now);
                _up.Add(new Said.Hello(host.Facts()));
                break;
            case < 100:
                RestartScheduler();
                break;
            case < 106:
                StepFleet(host);
                break;
            default:
                StepChange(host);
                break;
        }
    }

    /// <summary>The faults end: everything is delivered, and time goes by.</summary>
    public void Settle()
    {
        foreach (var host in Hosts)
            _up.Add(new Said.Hello(host.Facts()));
        for (var round = 0; round < 32; round++)
        {
            while (_up.Count + _down.Count > 0)
            {
                DeliverUp(faulty: false);
                DeliverDown(fails: false, faulty: false);
            }

            foreach (var host in Hosts)
                _up.AddRange(host.Work(_random));
            _now += TimeSpan.FromSeconds(2);
            Take(_core.Tick(_now));
        }
    }

    /// <summary>What holds at every moment.</summary>
    public void CheckAlways()
    {
        foreach (var info in _core.Hosts())
        {
            var launches = _core.State.Launches.Values.Where(l => l.Claims() == info.Id).ToList();
            var claim = PlacementPolicy.ClaimOf(Given.Spec());
            Assert.Equal(launches.Count, info.Claims.Launches);
            Assert.Equal(
                launches.Sum(l => claim.DiskBytes + l.GrownBytes), info.Claims.DiskBytes);
            Assert.Equal(launches.Count * claim.MemoryBytes, info.Claims.MemoryBytes);
            Assert.Equal(
                launches.Where(l => l.IsOpen()).Select(l => l.Id).ToHashSet(),
                _core.State.OpenOn(info.Id));
            Assert.Equal(
                launches.Count(l => l.Phase == LaunchPhase.Placed),
                _core.State.ExpectedOn(info.Id).Values.Sum(e => e.Launches));
        }

        CheckGroups();
        foreach (var id in _acknowledged)
            Assert.True(_core.Find(id, _now) is not null, $"{id} was acknowledged and is lost");
        foreach (var id in Hosts.SelectMany(h => h.EverActive).Distinct())
        {
            var on = Hosts.Where(h => h.EverActive.Contains(id)).Select(h => h.Id.Value).ToList();
            Assert.True(on.Count == 1, $"{id} was active on {string.Join(" and ", on)}");
        }
    }

    /// <summary>What holds once it is quiet.</summary>
    public void CheckSettled()
    {
        foreach (var launch in _core.State.Launches.Values)
        {
            Assert.True(launch.Phase.IsSettled(), $"{launch.Id} is still {launch.Phase}");
            Assert.DoesNotContain(launch.Id, _deleted);
        }

        foreach (var host in Hosts)
        {
            var wanted = _core.State.Launches.Values
                .Where(l => l.Phase == LaunchPhase.Active && l.Host == host.Id)
                .Select(l => l.Id).ToHashSet();
            Assert.Equal(wanted, host.Has.Keys.ToHashSet());
            Assert.All(host.Has.Values, i => Assert.True(i.Active));
        }

        CheckChangesSettled();
        CheckGroups();
    }

    private void Launch(InstanceId id)
    {
        var options = Choices[_random.Next(Choices.Length)];
        if (!Take(_core.Launch(Given.Order(options: options), [id], _now)))
        {
            Assert.NotEqual(_options[id], options);
            return;
        }

        _acknowledged.Add(id);
        Assert.Equal(_options.GetValueOrDefault(id, options), options);
        _options[id] = options;
    }

    private void RestartScheduler()
    {
        _core = new SchedulerCore(Limits, Flavors.Defaults, ++_epoch);
        var from = 0;
        if (_random.Next(2) == 0 && _journal.Count > 0)
        {
            // Half of the recoveries begin with a saved state.
            from = _random.Next(_journal.Count);
            var past = new SchedulerState(Limits);
            foreach (var happened in _journal.Take(from))
                past.Apply(happened);
            _core.Recover(past.ToSnapshot());
        }

        foreach (var happened in _journal.Skip(from))
            _core.Recover(happened);
        _core.Start(_now);
        foreach (var host in Hosts)
            _up.Add(new Said.Hello(host.Facts()));
    }

    private bool Take(Decision decision)
    {
        _journal.AddRange(decision.Events);
        foreach (var committed in decision.Events.OfType<LaunchCommitted>())
        {
            Assert.Equal(
                committed.Host, _committedOn.GetValueOrDefault(committed.Id, committed.Host));
            _committedOn[committed.Id] = committed.Host;
        }

        foreach (var placed in decision.Events.OfType<LaunchPlaced>())
        {
            Assert.Equal(HostDuty.Active, _core.Host(placed.Host)!.Duty);
            var drivers = Hosts.First(h => h.Id == placed.Host).Drivers;
            Assert.Contains(_core.State.Launches[placed.Id].Spec.Driver ?? drivers[0], drivers);
        }

        foreach (var effect in decision.Effects)
        {
            HostId? to = effect switch
            {
                SchedulerEffect.Prepare e => e.Host,
                SchedulerEffect.Commit e => e.Host,
                SchedulerEffect.Discard e => e.Host,
                SchedulerEffect.Change e => e.Host,
                SchedulerEffect.CancelChange e => e.Host,
                SchedulerEffect.Welcome e => e.Host,
                SchedulerEffect.SayHello e => e.Host,
                _ => null,
            };
            if (to is not null)
                _down.Add((Hosts.First(h => h.Id == to), effect));
        }

        return decision.Refusal is null;
    }

    private void DeliverDown(bool fails, bool faulty = true)
    {
        if (_down.Count == 0)
            return;
        var at = faulty ? _random.Next(_down.Count) : 0;
        var (to, command) = _down[at];
        var fate = faulty ? _random.Next(10) : 9;
        if (fate > 0)
            _down.RemoveAt(at);
        if (fate != 1)
            _up.AddRange(to.Receive(command, fails));
    }

    private void DeliverUp(bool faulty = true)
    {
        if (_up.Count == 0)
            return;
        var at = faulty ? _random.Next(_up.Count) : 0;
        var said = _up[at];
        var fate = faulty ? _random.Next(10) : 9;
        if (fate > 0)
            _up.RemoveAt(at);
        if (fate != 1)
            Hear(said);
    }

    private void Hear(Said said) => Take(said switch
    {
        Said.Hello s => _core.Hello(s.Facts, _now),
        Said.Ready s => _core.Prepared(s.Host, s.Id, s.Fence, s.Disks, Quick, _now),
        Said.Failed s => _core.AttemptFailed(
            s.Host, s.Id, s.Fence, Given.Error(s.Retryable), _now),
        Said.Active s => _core.Activated(s.Host, s.Id, s.Fence, _now),
        Said.Changed s => _core.ChangeEnded(s.Host, s.Fence, s.Ended with { At = _now }, _now),
        Said.Removed s => _core.Removed(s.Host, s.Id, s.Fence, _now),
        _ => throw new InvalidOperationException(said.ToString()),
    });
}
