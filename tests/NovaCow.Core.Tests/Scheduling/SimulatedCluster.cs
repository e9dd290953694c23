using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;

namespace NovaCow.Core.Tests.Scheduling;

/// <summary>
/// Schedulers, their journal and three hosts under a schedule that loses, repeats and reorders
/// messages, cuts links, kills processes and deposes leaders; it knows what was promised to
/// clients.
/// </summary>
internal sealed partial class SimulatedCluster
{
    private const int Instances = 6;

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

    private readonly Dice _dice = new();
    private readonly PlantedFault _fault;
    private readonly SimulatedJournal _journal;
    private readonly List<(SimulatedHost To, SchedulerEffect Command)> _down = [];
    private readonly List<Said> _up = [];
    private readonly Dictionary<InstanceId, LaunchOptions> _acknowledged = [];
    private readonly HashSet<InstanceId> _deleted = [];
    private SimulatedLeader _leader;
    private SimulatedLeader? _deposed;
    private DateTimeOffset _now = Given.Start;

    public SimulatedCluster(PlantedFault fault)
    {
        _fault = fault;
        _journal = new SimulatedJournal(Limits, fault)
        {
            Written = CheckOwner,
            OnCapture = () => OnCapture?.Invoke(),
            OnDrop = count => OnDrop?.Invoke(count),
        };
        Hosts =
        [
            Host("a", OneMachine.Kvm),
            Host("b", OneMachine.Kvm),
            Host("c", HypervisorCapabilities.None, DriverName.Qcow2, DriverName.Copy),
        ];
        _leader = Begin();
        _leader.Take(_leader.Core.Register(Given.Image(), _now));
        _leader.Take(_leader.Core.Register(OtherImage, _now));
        foreach (var host in Hosts)
            _leader.Take(_leader.Core.Hello(host.Facts(), _now));
        _leader.Write(int.MaxValue);
    }

    private SimulatedHost[] Hosts { get; }

    private SimulatedHost Host(
        string name, HypervisorCapabilities hypervisor, params string[] drivers) => new(
            name, drivers)
    {
        Hypervisor = hypervisor,

        // No guest has seen them: they may be made anew.
        OnUndone = id => _contents.Remove(id),
        Network = address => Hosts.First(h => h.Id.Value == address),
    };

    /// <summary>One thing happens: which, and to whom, is in the seed.</summary>
    public void Step(ulong seed)
    {
        _dice.Seed(seed);
        var host = Hosts[_dice.Next(Hosts.Length)];
        switch (_dice.Next(250))
        {
            case < 10:
                Launch(SomeId());
                break;
            case < 15:
                var doomed = SomeId();
                Take(l => l.Core.Delete(doomed, _now), () => _deleted.Add(doomed));
                break;
            case < 45:
                DeliverDown(_dice.Next(4) == 0);
                break;
            case < 75:
                DeliverUp();
                break;
            case < 85:
                _now += TimeSpan.FromSeconds(_dice.Next(4));
                Take(l => l.Core.Tick(_now));
                break;
            case < 89:
                Anybody().Core.Disconnected(host.Id, _now);
                break;
            case < 94:
                SayHello(host);
                break;
            case < 97 when !host.IsDown:
                host.Crash();
                _leader.Core.Disconnected(host.Id, _now);
                _deposed?.Core.Disconnected(host.Id, _now);
                SayHello(host);
                break;
            case < 101:
                ChangeLeader();
                break;
            case < 140:
                Write(1 + _dice.Next(4));
                break;
            case < 146:
                StepFleet(host);
                break;
            case < 166:
                StepMove(host);
                break;
            case < 196 when !CapturesOften:
                StepEvacuation(host);
                break;
            case < 220:
                StepMachine(host);
                break;
            default:
                StepChange(host);
                break;
        }
    }

    /// <summary>The faults end: everything is written and delivered, and time goes by.</summary>
    public void Settle()
    {
        _deposed = null;
        foreach (var host in Hosts)
        {
            ComeBack(host);
            SayHello(host);
        }

        for (var round = 0; round < 32; round++)
        {
            _leader.Write(int.MaxValue);
            while (_up.Count + _down.Count > 0)
            {
                DeliverUp(faulty: false);
                _leader.Write(int.MaxValue);
                DeliverDown(fails: false, faulty: false);
            }

            foreach (var host in Hosts)
                _up.AddRange(host.Work(_dice));
            _now += TimeSpan.FromSeconds(2);
            Take(l => l.Core.Tick(_now));
        }
    }

    private InstanceId SomeId() => Given.Id($"vm-{_dice.Next(Instances)}");

    /// <summary>Whoever takes itself for the leader.</summary>
    private SimulatedLeader Anybody() =>
        _deposed is not null && _dice.Next(4) == 0 ? _deposed : _leader;

    private void Take(Func<SimulatedLeader, Decision> decide, Action? acknowledge = null)
    {
        var leader = Anybody();
        var decision = decide(leader);
        leader.Take(decision, decision.Refusal is null ? acknowledge : null);
    }

    private void Launch(InstanceId id)
    {
        // A client that was not answered asks for the same again; now and then another interferes.
        var options = Choices[
            (id.Value[^1] + (_dice.Next(8) == 0 ? 2 : 0)) % Choices.Length];
        var leader = Anybody();
        var decision = leader.Core.Launch(Given.Order(options: options), [id], _now);
        if (decision.Refusal is null)
        {
            leader.Take(decision, () =>
            {
                Assert.Equal(_acknowledged.GetValueOrDefault(id, options), options);
                _acknowledged[id] = options;
            });
        }
        else if (leader == _leader && _acknowledged.TryGetValue(id, out var known))
        {
            Assert.NotEqual(known, options);
        }
    }

    private void Write(int count)
    {
        if (Anybody() is var leader && !leader.Write(count))
            _deposed = null;
    }

    /// <summary>The leader dies, or is passed over and does not know yet.</summary>
    private void ChangeLeader()
    {
        if (_dice.Next(2) == 0)
        {
            _leader.Die(written: _dice.Next(3));
            _deposed = null;
        }
        else
        {
            _deposed = _leader;
        }

        _leader = Begin();
        foreach (var host in Hosts)
            SayHello(host);
    }

    private SimulatedLeader Begin()
    {
        var core = _journal.Lead(
            epoch => new SchedulerCore(Limits, Flavors.Defaults, epoch), _dice);
        core.Start(_now);
        return new SimulatedLeader(core, _journal, _fault, Send);
    }

    private void Send(SchedulerEffect effect)
    {
        HostId? to = effect switch
        {
            SchedulerEffect.Prepare e => e.Host,
            SchedulerEffect.Commit e => e.Host,
            SchedulerEffect.Discard e => e.Host,
            SchedulerEffect.Change e => e.Host,
            SchedulerEffect.CancelChange e => e.Host,
            SchedulerEffect.Offer e => e.Host,
            SchedulerEffect.Withdraw e => e.Host,
            SchedulerEffect.Receive e => e.Host,
            SchedulerEffect.Welcome e => e.Host,
            SchedulerEffect.DropCaptures e => e.Host,
            SchedulerEffect.SayHello e => e.Host,
            _ => null,
        };
        if (to is null)
            return;
        var host = Hosts.First(h => h.Id == to);
        if (effect is SchedulerEffect.Prepare { Spec.Driver: { } driver })
            Assert.Contains(driver, host.Drivers);
        _down.Add((host, effect));
    }

    private void DeliverDown(bool fails, bool faulty = true)
    {
        if (Pick(_down, faulty, out var message) && !message.To.IsDown)
            _up.AddRange(message.To.Receive(message.Command, fails));
    }

    private void DeliverUp(bool faulty = true)
    {
        if (Pick(_up, faulty, out var said))
            Hear(said);
    }

    /// <summary>One of the messages under way: any of them, kept to come again, or lost.</summary>
    private bool Pick<T>(List<T> underWay, bool faulty, out T message)
    {
        message = default!;
        if (underWay.Count == 0)
            return false;
        var at = faulty ? _dice.Next(underWay.Count) : 0;
        message = underWay[at];
        var fate = faulty ? _dice.Next(10) : 9;
        if (fate > 0)
            underWay.RemoveAt(at);
        return fate != 1;
    }

    private void Hear(Said said) => Take(leader => Hear(leader.Core, said));

    private Decision Hear(SchedulerCore core, Said said) => said switch
    {
        Said.Hello s => core.Hello(s.Facts, _now),
        Said.Ready s => core.Prepared(s.Host, s.Id, s.Fence, s.Disks, Quick, _now),
        Said.Failed s => core.AttemptFailed(
            s.Host, s.Id, s.Fence, s.Why ?? Given.Error(s.Retryable), _now),
        Said.Active s => core.Activated(s.Host, s.Id, s.Fence, _now),
        Said.Changed s => core.ChangeEnded(s.Host, s.Fence, s.Ended with { At = _now }, _now),
        Said.Offered s => core.Offered(s.Host, s.Id, s.Fence, (s.Number, s.Token)),
        Said.Refused s => core.OfferRefused(
            s.Host, s.Id, s.Fence, (s.Number, Given.Error(true)), _now),
        Said.Power s => core.PowerChanged(s.Host, s.Id, s.Fence, s.Report, _now),
        Said.Held s => Held(core, s),
        Said.Removed s => core.Removed(s.Host, s.Id, s.Fence, _now),
        _ => throw new InvalidOperationException(said.ToString()),
    };
}
