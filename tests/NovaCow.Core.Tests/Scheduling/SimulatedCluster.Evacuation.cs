using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;

namespace NovaCow.Core.Tests.Scheduling;

/// <summary>Simulated hosts that stay down, and whose instances a person has evacuated.</summary>
internal sealed partial class SimulatedCluster
{
    /// <summary>Whether some instances are there before anything goes wrong.</summary>
    public bool Begins { get; init; }

    /// <summary>Whether hosts go down and stay so for long; else they are back at once.</summary>
    public bool HostsDie { get; init; }

    private void StepEvacuation(SimulatedHost host)
    {
        if (!HostsDie)
        {
            DeliverDown(fails: false);
            DeliverUp();
            return;
        }

        switch (_dice.Next(10))
        {
            case < 3:
                GoDown(host);
                break;
            case < 5:
                ComeBack(host);
                break;
            default:
                var dead = Hosts.FirstOrDefault(h => h.IsDown) ?? host;
                if (_dice.Next(3) == 0)
                {
                    _now += Limits.HostGrace;
                    Take(l => l.Core.Tick(_now));
                }

                var request = new EvacuationRequest(null, IsFenced: true, Again: true);
                Take(l => l.Core.Evacuate(dead.Id, request, _now).Decision);
                break;
        }
    }

    /// <summary>What is on its way to or from a process ends with it.</summary>
    private void GoDown(SimulatedHost host)
    {
        if (host.IsDown || Hosts.Count(h => h.IsDown) > 1)
            return;
        host.GoDown();
        _down.RemoveAll(m => m.To == host);
        _up.RemoveAll(s => s.By(host.Id));
        _leader.Core.Disconnected(host.Id, _now);
        _deposed?.Core.Disconnected(host.Id, _now);
    }

    private void ComeBack(SimulatedHost host)
    {
        if (!host.IsDown)
            return;
        _down.RemoveAll(m => m.To == host);
        host.IsDown = false;
        _up.Add(new Said.Hello(host.Facts()));
    }

    private void SayHello(SimulatedHost host)
    {
        if (!host.IsDown)
            _up.Add(new Said.Hello(host.Facts()));
    }

    /// <summary>What was evacuated is what the dead host had last, and nobody uses it there.
    /// </summary>
    private void CheckEvacuated(LaunchMove move, InstanceId id)
    {
        if (!move.IsEvacuation)
            return;
        OnMove?.Invoke(true);
        var (from, to) = (HostOf(move.From), HostOf(move.To));
        Assert.Equal(from.WritesOf(id), to.WritesOf(id));
        Assert.False(from.IsActive(id, move.From.Attempt), $"{id} is in use on {from.Id}");
    }

    private void CheckEvacuations()
    {
        foreach (var launch in _leader.Core.State.Launches.Values)
        {
            if (launch.Move is { IsEvacuation: true, CommittedAt: not null } move)
            {
                Assert.False(
                    HostOf(move.From).IsActive(launch.Id, move.From.Attempt),
                    $"{launch.Id} is in use on {move.From.Host}, which it was evacuated from");
            }
        }
    }

    private SimulatedHost HostOf(MoveEnd end) => Hosts.First(h => h.Id == end.Host);
}
