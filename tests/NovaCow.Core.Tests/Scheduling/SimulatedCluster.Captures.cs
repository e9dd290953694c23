using NovaCow.Core.Scheduling;

namespace NovaCow.Core.Tests.Scheduling;

/// <summary>Captured images in the simulated cluster.</summary>
internal sealed partial class SimulatedCluster
{
    /// <summary>How many images were removed from their hosts.</summary>
    public Action<int>? OnDrop { get; init; }

    /// <summary>Whether images come and go more often than other things happen.</summary>
    public bool CapturesOften { get; init; }

    private void StepCapture(InstanceId id)
    {
        if (_dice.Next(2) == 0)
            Take(l => l.Core.Unregister(SomeCapture(), _now));
        else
            Take(l => l.Core.Change(id, new ChangeRequest.Capture(SomeCapture()), _now));
    }

    private Decision Held(SchedulerCore core, Said.Held said)
    {
        core.CapturesHeld(said.Host, said.Captures, _now);
        return new Decision();
    }

    /// <summary>What is durable refers to no image that its host has not, and what is counted of
    /// references is what a full look finds.</summary>
    private void CheckCaptures()
    {
        var (durable, counted) = (_journal.Replayed, _leader.Core.State);
        var live = durable.Launches.Values.Where(l => l.NeededBases().Count > 0);
        var needed = durable.Images.Values
            .Concat(live.Select(l => l.RootImage()))
            .Concat(live.Where(l => l.IsChanging()).Select(l => l.Change!.Change).Select(c =>
                c is InstanceChange.Rebuild r ? r.Image
                    : (c as InstanceChange.Rebase)?.Image ?? Given.Image()));
        foreach (var image in needed.Where(i => i.Source.Scheme == "peer+http"))
        {
            Assert.True(
                Hosts.First(h => h.Id.Value == image.Source.Host).Captured.Contains(image.Digest),
                $"{image.Name} is needed, and gone from host {image.Source.Host}");
        }

        var launches = counted.Launches.Values;
        foreach (var digest in Hosts.SelectMany(h => h.Captured).Append(Given.Image().Digest))
        {
            Assert.Equal(
                launches.Count(l => l.NeededBases().Contains(BaseKey.Of(digest))),
                counted.Needs.LaunchesOf(digest));
        }

        foreach (var host in Hosts)
        {
            Assert.Equal(
                launches.Any(l => l.CapturingHost() == host.Id),
                counted.Needs.IsCapturing(host.Id));
        }
    }

    /// <summary>Hosts hold what somebody refers to.</summary>
    private void CheckCapturesSettled()
    {
        var state = _leader.Core.State;
        var listed = state.Images.Values.Select(i => i.Digest).ToHashSet();
        foreach (var host in Hosts.Where(h => !state.Needs.IsCapturing(h.Id)))
        {
            Assert.All(host.Captured, d => Assert.True(
                listed.Contains(d) || state.Needs.LaunchesOf(d) > 0,
                $"host {host.Id} holds {d}, which nobody refers to"));
        }
    }
}
