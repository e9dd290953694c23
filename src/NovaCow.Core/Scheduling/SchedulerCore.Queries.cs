namespace NovaCow.Core.Scheduling;

public sealed partial class SchedulerCore
{
    /// <summary>An instance as it is; null: there is none, and was none of late.</summary>
    public InstanceInfo? Find(InstanceId id, DateTimeOffset now) =>
        State.Launches.TryGetValue(id, out var launch) ? Describe(launch, now)
        : State.Deleted.Find(id) is { } gone ? InstanceInfo.Of(gone)
        : null;

    /// <summary>A page of instances by id, and what to go on after; null: there are no more.
    /// </summary>
    public (IReadOnlyList<InstanceInfo> Items, InstanceId? Next) List(
        InstanceId? after, int limit, HostId? host, LaunchPhase? phase, DateTimeOffset now)
    {
        List<InstanceInfo> items = [];
        foreach (var launch in State.After(after))
        {
            if ((host is not null && launch.Host != host)
                || (phase is not null && launch.Phase != phase))
            {
                continue;
            }

            if (items.Count == limit)
                return (items, items[^1].Id);
            items.Add(Describe(launch, now));
        }

        return (items, null);
    }

    /// <summary>All hosts, by id.</summary>
    public IReadOnlyList<HostInfo> Hosts() =>
        [.. _fleet.Values.Where(p => State.Hosts.ContainsKey(p.Id)).Select(Describe)];

    /// <summary>One host; null: it never joined.</summary>
    public HostInfo? Host(HostId id) =>
        State.Hosts.ContainsKey(id) ? Describe(Presence(id)) : null;

    /// <summary>Bases by host and key; of one host or of all.</summary>
    public IReadOnlyList<BaseInfo> Bases(HostId? host) =>
    [
        .. _fleet.Values
            .Where(p => host is null || p.Id == host)
            .SelectMany(p => p.Bases.Values
                .OrderBy(b => b.Key.Value, StringComparer.Ordinal)
                .Select(b => new BaseInfo(p.Id, b))),
    ];

    /// <summary>Where a launch would go now; nothing is claimed.</summary>
    /// <returns>The hosts' terms; or the refusal that the launch would get.</returns>
    public (IReadOnlyList<HostTerms> Terms, RequestError? Refusal) Explain(
        LaunchOrder order, DateTimeOffset now)
    {
        var (spec, refusal) = SpecOf(order);
        if (spec is null)
            return ([], refusal!.Refusal);
        var request = new PlacementRequest(InstanceId.Parse("explain"), spec, []);
        var terms = PlacementPolicy.Explain(request, Views(), _limits.Placement, now);
        return terms.All(t => t.FilteredBecause is not null) && spec.IsGroupSoft
            ? (PlacementPolicy.Explain(
                request with { IgnoresSoftGroup = true }, Views(), _limits.Placement, now), null)
            : (terms, null);
    }

    /// <summary>An instance, and how the hosts would stand to it if it were placed now; null: there
    /// is none of that id.</summary>
    public (IReadOnlyList<HostTerms> Terms, InstanceInfo Instance)? Explain(
        InstanceId id, DateTimeOffset now)
    {
        if (!State.Launches.TryGetValue(id, out var launch))
            return null;
        var request = new PlacementRequest(id, launch.Spec, launch.FailedOn);
        return (
            PlacementPolicy.Explain(request, Views(), _limits.Placement, now),
            Describe(launch, now));
    }

    private InstanceInfo Describe(Launch launch, DateTimeOffset now)
    {
        if (launch.Phase == LaunchPhase.Placed)
            return InstanceInfo.Of(launch, null) with { Progress = ProgressOf(launch) };
        string? waitingFor = null;
        if (launch.Phase == LaunchPhase.Accepted)
        {
            waitingFor = Choose(launch, now) is Placement.NoValidHost none
                ? none.Because()
                : "a host has room again; it is placed within a second";
        }

        return InstanceInfo.Of(launch, waitingFor) with
        {
            ChangeProgress = ChangeProgressOf(launch),
            QueuePlace =
                waitingFor is null ? null : State.Waiting.PlaceOf(launch.Id),
            Progress = MoveProgressOf(launch),
            Power = PowerOf(launch),
        };
    }

    private HostInfo Describe(HostPresence presence)
    {
        var record = State.Hosts[presence.Id];
        return new HostInfo
        {
            Id = presence.Id,
            Incarnation = record.Incarnation,
            Status = presence.Status(record),
            Drivers = record.Drivers,
            Duty = record.Duty,
            Labels = record.Labels,
            Hypervisor = record.Hypervisor,
            SharedStore = record.SharedStore,
            Ratios = _limits.Placement.RatiosOf(record.Overcommit),
            Capacity = record.Capacity,
            Claims = State.ClaimsOf(presence.Id),
            Usage = presence.Usage,
            Counters = presence.Counters,
            Bases = [.. presence.Bases.Values.OrderBy(b => b.Key.Value, StringComparer.Ordinal)],
            UnknownInstances = [.. presence.Unknown],
            JoinedAt = record.JoinedAt,
            LastSeenAt = presence.LastSeenAt,
        };
    }
}
