using NovaCow.Core.Hosting;

namespace NovaCow.Core.Scheduling;

/// <summary>Keeps placement's view of the hosts, and asks it.</summary>
public sealed partial class SchedulerCore
{
    private readonly Fleet _views;

    // Hosts whose view is older than what is known of them, with the bases that came or went.
    private readonly Dictionary<HostId, HashSet<BaseKey>> _changed = [];

    /// <summary>Chooses the hosts; another one serves to be compared with.</summary>
    public Placer Placer { get; init; } = PlacementPolicy.Choose;

    private Placement Choose(Launch launch, DateTimeOffset now)
    {
        var request = new PlacementRequest(launch.Id, launch.Spec, launch.FailedOn);
        var placement = Placer(request, Views(), _limits.Placement, now);
        return placement is Placement.NoValidHost && launch.Spec.IsGroupSoft
            ? Placer(request with { IgnoresSoftGroup = true }, Views(), _limits.Placement, now)
            : placement;
    }

    private HostView ViewOf(HostId host) => Views().Find(host)!;

    private void SeenAfter(SchedulerEvent happened, Launch? before)
    {
        switch (happened)
        {
            case HostJoined e:
                Seen(e.Host);
                break;
            case HostLost e:
                Seen(e.Host);
                break;
            case HostDutyChanged e:
                Seen(e.Host);
                break;
            case HostRemoved e:
                Seen(e.Host);
                break;
            case LaunchEvent e:
                var key = (before?.Spec ?? State.Launches[e.Id].Spec).Image.BaseKey();
                foreach (var from in before?.Concerned() ?? [])
                    Seen(from, key);
                foreach (var to in State.Launches.GetValueOrDefault(e.Id)?.Concerned() ?? [])
                    Seen(to, key);
                break;
        }
    }

    private void Seen(HostId host, params ReadOnlySpan<BaseKey> bases)
    {
        if (!_changed.TryGetValue(host, out var keys))
            _changed[host] = keys = [];
        foreach (var key in bases)
            keys.Add(key);
    }

    /// <summary>The hosts as placement sees them now.</summary>
    public Fleet Views()
    {
        foreach (var (id, keys) in _changed)
        {
            if (State.Hosts.TryGetValue(id, out var record))
                _views.Put(Presence(id).View(record, State), keys);
            else
                _views.Remove(id, keys);
        }

        _changed.Clear();
        return _views;
    }
}
