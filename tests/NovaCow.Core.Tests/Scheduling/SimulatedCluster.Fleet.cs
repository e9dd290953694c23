using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;

namespace NovaCow.Core.Tests.Scheduling;

/// <summary>Operators in the simulated cluster, and hosts that stop in order.</summary>
internal sealed partial class SimulatedCluster
{
    private void StepFleet(SimulatedHost host)
    {
        switch (_random.Next(4))
        {
            case 0:
                // Only one that is not connected goes, and without force only one that is empty.
                Take(_core.RemoveHost(host.Id, isForced: _random.Next(2) == 0, _now));
                break;
            case 1:
                Take(_core.Left(host.Id, host.Facts().Incarnation, _now));
                host.Crash();
                _up.Add(new Said.Hello(host.Facts()));
                break;
            default:
                Take(_core.SetDuty(host.Id, (HostDuty)_random.Next(3), _now));
                break;
        }
    }

    /// <summary>No host has two of a group, and what is counted of groups is what there is.
    /// </summary>
    private void CheckGroups()
    {
        var shared = _core.State.Launches.Values
            .Where(l => l.HostOfGroup() is not null)
            .ToLookup(l => l.HostOfGroup());
        foreach (var host in Hosts)
        {
            Assert.InRange(shared[host.Id].Count(), 0, 1);
            Assert.Equal(shared[host.Id].Count(), _core.State.GroupsOn(host.Id).Values.Sum());
        }
    }
}
