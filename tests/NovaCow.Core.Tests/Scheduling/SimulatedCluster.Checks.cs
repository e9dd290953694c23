using NovaCow.Core.Scheduling;

namespace NovaCow.Core.Tests.Scheduling;

/// <summary>What must hold of the simulated cluster.</summary>
internal sealed partial class SimulatedCluster
{
    private static readonly Claims OfOne = PlacementPolicy.ClaimOf(Given.Spec());

    /// <summary>What holds at every moment.</summary>
    public void CheckAlways()
    {
        CheckClaims(_leader.Core);
        CheckGroups();
        CheckEvacuations();
        CheckMachines();
        CheckCaptures();
        foreach (var id in _acknowledged.Keys)
        {
            Assert.True(
                _leader.Core.Find(id, _now) is not null, $"{id} was acknowledged and is lost");
        }

        foreach (var id in Hosts.SelectMany(h => h.EverActive).Distinct())
        {
            var on = Hosts.Where(h => h.EverActive.Contains(id)).Select(h => h.Id).ToHashSet();
            Assert.True(
                on.IsSubsetOf(_owners[id]), $"{id} was active on {string.Join(" and ", on)}");
        }
    }

    /// <summary>What holds once it is quiet.</summary>
    public void CheckSettled()
    {
        var launches = _leader.Core.State.Launches.Values;
        foreach (var launch in launches)
        {
            Assert.True(launch.Phase.IsSettled(), $"{launch.Id} is still {launch.Phase}");
            Assert.DoesNotContain(launch.Id, _deleted);
        }

        foreach (var host in Hosts)
        {
            var wanted = launches
                .Where(l => l.Phase == LaunchPhase.Active && l.Host == host.Id)
                .Select(l => l.Id).ToHashSet();
            Assert.Equal(wanted, host.Has.Keys.ToHashSet());
            Assert.All(host.Has.Values, i => Assert.True(i.Active));
        }

        CheckChangesSettled();
        CheckMovesSettled();
        CheckMachinesSettled();
        CheckCapturesSettled();
    }

    /// <summary>What a host's launches hold is what is counted of them.</summary>
    private static void CheckClaims(SchedulerCore core)
    {
        foreach (var host in core.State.Hosts.Keys)
        {
            var launches = core.State.Launches.Values.Where(l => l.Claimed().Contains(host)).ToList();
            var claims = core.State.ClaimsOf(host);
            Assert.Equal(launches.Count, claims.Launches);
            Assert.Equal(
                launches.Sum(l => OfOne.DiskBytes + l.GrownBytes), claims.DiskBytes);
            Assert.Equal(launches.Count * OfOne.MemoryBytes, claims.MemoryBytes);
            Assert.Equal(
                launches.Where(l => l.IsOpenOn(host)).Select(l => l.Id).ToHashSet(),
                core.State.OpenOn(host));
            Assert.Equal(
                launches.Count(l => l.Phase == LaunchPhase.Placed),
                core.State.ExpectedOn(host).Values.Sum(e => e.Launches));
        }
    }
}
