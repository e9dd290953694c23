using NovaCow.Core.Scheduling;

namespace NovaCow.Core.Tests.Scheduling;

/// <summary>Moves between the simulated hosts.</summary>
internal sealed partial class SimulatedCluster
{
    private readonly Dictionary<InstanceId, HashSet<HostId>> _owners = [];
    private readonly Dictionary<InstanceId, HostId> _ownedBy = [];
    private readonly Dictionary<InstanceId, int> _contents = [];

    /// <summary>Told of every move that came to its commit; and once more, with true, if it was an
    /// evacuation.</summary>
    public Action<bool>? OnMove { get; init; }

    /// <summary>Some instances are active before anything goes wrong, and the machines of some of
    /// them off: else few histories come to their changes and moves.</summary>
    public void BeginWithInstances()
    {
        for (var i = 0; i < 4; i++)
            Launch(Given.Id($"vm-{i}"));
        Settle();
        for (var i = 0; i < 3; i++)
        {
            var id = Given.Id($"vm-{i}");
            Take(l => l.Core.Change(id, new ChangeRequest.Stop(0), _now));
        }

        Settle();
    }

    private void StepMove(SimulatedHost host)
    {
        var id = SomeId();
        switch (_dice.Next(10))
        {
            case < 3:
                Take(l => l.Core.Move(id, new MoveRequest(host.Id, null), _now));
                break;
            case < 6:
                Take(l => l.Core.Move(id, new MoveRequest(null, null), _now));
                break;
            case < 7:
                Take(l => l.Core.CancelMove(id, _now));
                break;
            case < 8:
                Take(l => l.Core.MoveAll(host.Id, _now).Decision);
                break;
            default:
                DeliverDown(_dice.Next(4) == 0);
                DeliverUp();
                break;
        }
    }

    /// <summary>An instance is one host's, until a move of it is committed.</summary>
    private void CheckOwner(LaunchEvent happened, Launch? after)
    {
        var owner = happened switch
        {
            LaunchCommitted e => e.Host,
            MoveCommitted => after?.Move?.To.Host,
            _ => null,
        };
        if (owner is null)
            return;
        if (happened is MoveCommitted)
        {
            OnMove?.Invoke(false);
            CheckEvacuated(after!.Move!, happened.Id);
        }

        if (happened is LaunchCommitted)
            Assert.Equal(owner, _ownedBy.GetValueOrDefault(happened.Id, owner));
        _ownedBy[happened.Id] = owner;
        if (!_owners.TryGetValue(happened.Id, out var owners))
            _owners[happened.Id] = owners = [];
        owners.Add(owner);
        var content = Hosts.First(h => h.Id == owner).ContentOf(happened.Id);
        Assert.Equal(_contents.GetValueOrDefault(happened.Id, content), content);
        _contents[happened.Id] = content;
    }

    private void CheckMovesSettled()
    {
        foreach (var launch in _leader.Core.State.Launches.Values)
        {
            // What may be the last disks of a failed instance is kept.
            if (launch.Phase != LaunchPhase.Active)
                continue;
            Assert.False(launch.IsMoving(), $"{launch.Id}: {launch.Move} never ended");
            var host = Hosts.First(h => h.Id == launch.Host);
            var content = host.ContentOf(launch.Id);
            Assert.Equal(_contents.GetValueOrDefault(launch.Id, content), content);
        }
    }
}
