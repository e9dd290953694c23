using NovaCow.Core.Hosting;

namespace NovaCow.Core.Scheduling;

/// <summary>Keeps placement's view of the hosts, and asks it.</summary>
public sealed partial class SchedulerCore
{
    private readonly Fleet _views;

    // Hosts whose view is older than what is known of them, with the bases that came or went.
    private readonly Dictionary<HostId, HashSet<BaseKey>> _changed = [];

    private Placement Choose(Launch launch, DateTimeOffset now)
    {
        var request = new PlacementRequest(launch.Id, launch.Spec, launch.FailedOn);
        var placement = PlacementPolicy.Choose(request, Views(), _limits.Placement, now);
        return placement is Placement.NoValidHost && launch.Spec.IsGroupSoft
            ? PlacementPolicy.Choose(
                request with { IgnoresSoftGroup = true }, Views(), _limits.Placement, now)
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
                if (before?.Host is { } from)
                    Seen(from, key);
                if (State.Launches.GetValueOrDefault(e.Id)?.Host is { } to)
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

    private Fleet Views()
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
