using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;

namespace NovaCow.Core.Tests.Scheduling;

/// <summary>Operators in the simulated cluster, and hosts that stop in order.</summary>
internal sealed partial class SimulatedCluster
{
    private void StepFleet(SimulatedHost host)
    {
        switch (_dice.Next(4))
        {
            case 0:
                // Only one that is not connected goes, and without force only one that is empty.
                var isForced = _dice.Next(2) == 0;
                Take(l => l.Core.RemoveHost(host.Id, isForced, _now));
                break;
            case 1 when !host.IsDown:
                var life = host.Facts().Incarnation;
                Take(l => l.Core.Left(host.Id, life, _now));
                host.Crash();
                _up.Add(new Said.Hello(host.Facts()));
                break;
            default:
                var duty = (HostDuty)_dice.Next(3);
                Take(l => l.Core.SetDuty(host.Id, duty, _now));
                break;
        }
    }

    /// <summary>No host has two of a group, and what is counted of groups is what there is.
    /// </summary>
    private void CheckGroups()
    {
        var shared = _leader.Core.State.Launches.Values
            .SelectMany(l => l.HostsOfGroup())
            .ToLookup(host => host);
        foreach (var host in Hosts)
        {
            Assert.InRange(shared[host.Id].Count(), 0, 1);
            Assert.Equal(shared[host.Id].Count(), _leader.Core.State.GroupsOn(host.Id).Values.Sum());
        }
    }
}
