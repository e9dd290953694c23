using NovaCow.Core.Scheduling;

namespace NovaCow.Core.Tests.Scheduling;

/// <summary>
/// What is durable: written only by the newest epoch, decision by decision. It replays as it is
/// written, and holds what the leader had in its state then against the replay.
/// </summary>
internal sealed class SimulatedJournal(SchedulerLimits limits, PlantedFault fault)
{
    private readonly List<SchedulerEvent> _events = [];
    private readonly SchedulerState _replayed = new(limits);

    /// <summary>Told of what is written, and of the launch after it.</summary>
    public Action<LaunchEvent, Launch?>? Written { get; init; }

    /// <summary>Told of images that were captured.</summary>
    public Action? OnCapture { get; init; }

    /// <summary>Told of captured images that are to be removed.</summary>
    public Action<int>? OnDrop { get; init; }

    /// <summary>What was written, as it replays.</summary>
    public SchedulerState Replayed => _replayed;

    /// <summary>The images that ever were in the catalogue.</summary>
    public HashSet<ImageName> Registered { get; } = [];

    /// <summary>The newest leadership.</summary>
    public long Epoch { get; private set; }

    /// <summary>Somebody leads from now on.</summary>
    /// <returns>Its epoch, and what it recovers: a saved state and the events after it.</returns>
    public SchedulerCore Lead(Func<long, SchedulerCore> begin, Dice dice)
    {
        var core = begin(++Epoch);
        var from = 0;
        if (dice.Next(2) == 0 && _events.Count > 0)
        {
            // Half of the recoveries begin with a saved state.
            from = dice.Next(_events.Count);
            var past = new SchedulerState(limits);
            foreach (var happened in _events.Take(from))
                past.Apply(happened);
            core.Recover(past.ToSnapshot());
        }

        var forgotten = fault == PlantedFault.ForgetsAnEvent ? 1 : 0;
        foreach (var happened in _events.Skip(from).SkipLast(forgotten))
            core.Recover(happened);
        CheckWhole(core.State);
        return core;
    }

    /// <summary>Writes what was decided, unless a newer leader has begun.</summary>
    public bool Append(long epoch, Decided decided)
    {
        if (epoch != Epoch && fault != PlantedFault.WritesWhenDeposed)
            return false;
        foreach (var happened in decided.Decision.Events)
        {
            CheckRegistered(happened);
            _events.Add(happened);
            _replayed.Apply(happened);
            if (happened is LaunchEvent e)
                Written?.Invoke(e, _replayed.Launches.GetValueOrDefault(e.Id));
        }

        foreach (var (id, launch) in decided.Launches)
            CheckSame(launch, _replayed.Launches.GetValueOrDefault(id));
        foreach (var (host, claims) in decided.Claims)
            Assert.Equal(claims, _replayed.ClaimsOf(host));
        return true;
    }

    // A name is one image's, and a capture that is done is of the image that it says.
    private void CheckRegistered(SchedulerEvent happened)
    {
        if (happened is ImageRegistered { Image: var image })
        {
            Assert.False(_replayed.Images.ContainsKey(image.Name), $"{image.Name} is there");
            Registered.Add(image.Name);
        }
        else if (happened is CapturesDropped dropped)
        {
            OnDrop?.Invoke(dropped.Digests.Count);
        }
        else if (happened is ChangeEnded { Captured: { } captured })
        {
            Assert.Equal(captured, _replayed.Images[captured.Name]);
            OnCapture?.Invoke();
        }
    }

    private void CheckWhole(SchedulerState recovered)
    {
        Assert.Equal(_replayed.Launches.Count, recovered.Launches.Count);
        foreach (var launch in recovered.Launches.Values)
            CheckSame(launch, _replayed.Launches.GetValueOrDefault(launch.Id));
        foreach (var host in _replayed.Hosts.Keys)
            Assert.Equal(_replayed.ClaimsOf(host), recovered.ClaimsOf(host));
        Assert.Equal(
            _replayed.After(null).Select(l => l.Id), recovered.After(null).Select(l => l.Id));
        Assert.Equal(
            _replayed.Waiting.Select(l => l.Id), recovered.Waiting.Select(l => l.Id));
        Assert.Equal(_replayed.Deleted.Count, recovered.Deleted.Count);
    }

    // Lists and specs are compared by what they say, which records do not.
    private static void CheckSame(Launch? decided, Launch? replayed)
    {
        if (decided is null || replayed is null)
        {
            Assert.Equal(decided, replayed);
            return;
        }

        Assert.Equal(decided.Spec.Order(), replayed.Spec.Order());
        Assert.Equal(decided.FailedOn, replayed.FailedOn);
        Assert.Equal(
            decided, replayed with { Spec = decided.Spec, FailedOn = decided.FailedOn });
    }
}

/// <summary>A decision, and what it made of the launches and hosts that it is about.</summary>
internal sealed record Decided(Decision Decision, Action? Acknowledge)
{
    public List<(InstanceId Id, Launch? Launch)> Launches { get; } = [];

    public List<(HostId Host, Claims Claims)> Claims { get; } = [];

    public static Decided By(SchedulerCore core, Decision decision, Action? acknowledge)
    {
        var decided = new Decided(decision, acknowledge);
        foreach (var happened in decision.Events.OfType<LaunchEvent>())
        {
            var launch = core.State.Launches.GetValueOrDefault(happened.Id);
            decided.Launches.Add((happened.Id, launch));
            if (launch?.Host is { } host)
                decided.Claims.Add((host, core.State.ClaimsOf(host)));
        }

        return decided;
    }
}
