namespace NovaCow.Core.Scheduling;

/// <summary>
/// Decides everything that the scheduler decides, on its own state, with time as an argument. A
/// decision's events are in the state at once, so that the next decision counts them; what is told
/// to anybody waits in its effects until they are durable. It does nothing itself.
/// </summary>
public sealed partial class SchedulerCore
{
    private readonly SchedulerLimits _limits;
    private readonly long _epoch;
    private readonly Dictionary<FlavorName, Flavor> _flavors;
    private readonly SortedDictionary<string, HostPresence> _fleet =
        new(StringComparer.Ordinal);

    // Something was freed or joined since the queue was looked through last.
    private bool _mayPlace;

    /// <summary>A scheduler without a past.</summary>
    /// <param name="limits">Its bounds.</param>
    /// <param name="flavors">The flavors that launches may ask for.</param>
    /// <param name="epoch">The leadership under which it decides.</param>
    public SchedulerCore(SchedulerLimits limits, IReadOnlyList<Flavor> flavors, long epoch)
    {
        (_limits, _epoch) = (limits, epoch);
        Flavors = flavors;
        _flavors = flavors.ToDictionary(f => f.Name);
        State = new SchedulerState(limits);
        _views = new Fleet(limits.Placement);
    }

    /// <summary>What the journal says.</summary>
    public SchedulerState State { get; }

    /// <summary>The flavors, in the order they were given.</summary>
    public IReadOnlyList<Flavor> Flavors { get; }

    /// <summary>What flavors leave to an image's operating system.</summary>
    public EphemeralFileSystems FileSystems { get; init; } = EphemeralFileSystems.Usual;

    /// <summary>Takes in an event that was replayed.</summary>
    public void Recover(SchedulerEvent happened) => State.Apply(happened);

    /// <summary>Takes in a part of a saved state; they come in the order they were saved in.
    /// </summary>
    public void RecoverPart(object part)
    {
        switch (part)
        {
            case SchedulerSnapshot snapshot:
                State.Restore(snapshot);
                break;
            case SavedLaunches launches:
                State.Restore(launches);
                break;
            default:
                throw new InvalidOperationException($"no saved state: {part.GetType().Name}");
        }
    }

    /// <summary>The past is in: every known host has its grace from now on to come back.</summary>
    public void Start(DateTimeOffset now)
    {
        foreach (var id in State.Hosts.Keys)
        {
            Presence(id).SilentSince = now;
            Seen(id, [.. State.ExpectedOn(id).Keys]);
        }

        _mayPlace = true;
    }

    /// <summary>Gives the cluster its identity, unless it has one.</summary>
    /// <param name="identity">What to take: random.</param>
    /// <param name="now">When.</param>
    public Decision Found(string identity, DateTimeOffset now)
    {
        var decision = new Decision();
        if (State.Cluster is null)
            Emit(decision, new ClusterFounded(identity, now));
        return decision;
    }

    private HostPresence Presence(HostId id)
    {
        if (!_fleet.TryGetValue(id.Value, out var presence))
            _fleet[id.Value] = presence = new HostPresence(id);
        return presence;
    }

    private HostPresence? Connected(HostId id) =>
        _fleet.TryGetValue(id.Value, out var presence) && presence.IsConnected ? presence : null;

    private void Emit(Decision decision, SchedulerEvent happened)
    {
        if (happened is LaunchDeleting deleting)
            EndChange(decision, deleting);
        if (happened is LaunchDeleting or LaunchFailed)
            EndMove(decision, (LaunchEvent)happened);
        var before = happened is LaunchEvent e ? State.Launches.GetValueOrDefault(e.Id) : null;
        State.Apply(happened);
        SeenAfter(happened, before);
        decision.Events.Add(happened);
        switch (happened)
        {
            case LaunchDeleted deleted:
                _mayPlace = true;
                ForgetPower(before!);
                decision.Effects.Add(
                    new SchedulerEffect.Settled(InstanceInfo.Deleted(before!, deleted.At)));
                break;
            case LaunchPlaced placed:
                _served.Count(placed.At);
                break;
            case LaunchFailed or LaunchActivated:
                _mayPlace |= happened is LaunchFailed;
                var launch = State.Launches[((LaunchEvent)happened).Id];
                decision.Effects.Add(new SchedulerEffect.Settled(
                    InstanceInfo.Of(launch, null) with { Power = PowerOf(launch) }));
                break;
            case MoveEnded ended:
                _mayPlace = true;
                ForgetPower(before!);
                decision.Effects.Add(new SchedulerEffect.ChangeSettled(
                    Describe(State.Launches[ended.Id], ended.At)));
                break;
            case ChangeEnded ended:
                _mayPlace = true;
                _progress.Remove(ended.Id);
                var changed = State.Launches[ended.Id];
                decision.Effects.Add(new SchedulerEffect.ChangeSettled(
                    InstanceInfo.Of(changed, null) with { Power = PowerOf(changed) }));
                break;
        }
    }

    private LaunchFence Fence(Launch launch) => new(_epoch, launch.Attempt);
}
