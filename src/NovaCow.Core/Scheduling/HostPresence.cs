using NovaCow.Core.Hosting;

namespace NovaCow.Core.Scheduling;

/// <summary>What the scheduler has heard of a host in this leader's time; never journaled, and
/// forgotten with the leader.</summary>
internal sealed class HostPresence(HostId id)
{
    private readonly HashSet<BaseKey> _making = [];

    public HostId Id { get; } = id;

    public bool IsConnected { get; set; }

    public DateTimeOffset SilentSince { get; set; }

    public DateTimeOffset? LastSeenAt { get; set; }

    public HostUsage? Usage { get; set; }

    public HostCounters? Counters { get; set; }

    public Dictionary<BaseKey, BaseReport> Bases { get; } = [];

    /// <summary>How machines are, and by which attempt the host has them.</summary>
    public Dictionary<InstanceId, (int Attempt, PowerReport Power)> Power { get; } = [];

    public List<InstanceId> Unknown { get; } = [];

    /// <summary>How far disks that take long are, by their instance.</summary>
    public Dictionary<InstanceId, LaunchProgress> Progress { get; } = [];

    public Resends Resends { get; } = new();

    public CachePresence Cache { get; } = new();

    public CapturePresence Captures { get; } = new();

    /// <summary>Where other hosts reach it.</summary>
    public string? Address { get; set; }

    public HostStatus Status(HostRecord record) =>
        IsConnected ? HostStatus.Up
        : record.Lost ? HostStatus.Unreachable
        : HostStatus.Disconnected;

    /// <summary>What it said of its speed.</summary>
    public HostPaces Paces { get; set; } = HostPaces.Unknown;

    /// <summary>The host as placement sees it.</summary>
    public HostView View(HostRecord record, SchedulerState state) => new()
    {
        Id = Id,
        Status = Status(record),
        Capacity = record.Capacity,
        Drivers = record.Drivers,
        TakesMoves = Address is not null,
        SharesStoreOn = record.SharedStore?.Name,
        Claims = state.ClaimsOf(Id),
        Bases = Bases,
        Expected = state.ExpectedOn(Id),
        Queue = state.QueueOn(Id),
        Paces = Paces,
        Backlog = BacklogOf(state),
        Duty = record.Duty,
        Labels = record.Labels,
        Groups = state.GroupsOn(Id),
        Overcommit = record.Overcommit,
        Hypervisor = record.Hypervisor,
    };

    /// <summary>A base is as the host says now.</summary>
    public void Set(BaseReport report)
    {
        if (report.State == BaseState.Absent)
            Bases.Remove(report.Key);
        else
            Bases[report.Key] = report;
        if (report.State == BaseState.Creating)
            _making.Add(report.Key);
        else
            _making.Remove(report.Key);
    }

    /// <summary>The host has these bases and no others.</summary>
    /// <returns>The bases that it has, or had.</returns>
    public IReadOnlyCollection<BaseKey> SetAll(IReadOnlyList<BaseReport> reports)
    {
        var keys = Bases.Keys.ToHashSet();
        Bases.Clear();
        _making.Clear();
        foreach (var report in reports)
        {
            keys.Add(report.Key);
            Set(report);
        }

        return keys;
    }

    private Backlog BacklogOf(SchedulerState state)
    {
        var backlog = default(Backlog);
        var all = state.ExpectedOn(Id);
        foreach (var key in _making)
            backlog = backlog.With(ReadyTime.Left(Bases[key], all.GetValueOrDefault(key).Image));
        foreach (var (key, expected) in all)
        {
            if (Bases.GetValueOrDefault(key) is not { State: BaseState.Ready or BaseState.Creating })
                backlog = backlog.With(ReadyTime.All(expected.Image));
        }

        return backlog;
    }
}
