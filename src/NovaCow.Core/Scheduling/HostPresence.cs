using NovaCow.Core.Hosting;

namespace NovaCow.Core.Scheduling;

/// <summary>What the scheduler has heard of a host in this leader's time; never journaled, and
/// forgotten with the leader.</summary>
internal sealed class HostPresence(HostId id)
{
    private HostView? _view;

    public HostId Id { get; } = id;

    public bool IsConnected { get; set; }

    public DateTimeOffset SilentSince { get; set; }

    public DateTimeOffset? LastSeenAt { get; set; }

    public HostUsage? Usage { get; set; }

    public HostCounters? Counters { get; set; }

    public Dictionary<BaseKey, BaseReport> Bases { get; } = [];

    public List<InstanceId> Unknown { get; } = [];

    /// <summary>How far disks that take long are, by their instance.</summary>
    public Dictionary<InstanceId, LaunchProgress> Progress { get; } = [];

    public Resends Resends { get; } = new();

    public HostStatus Status(HostRecord record) =>
        IsConnected ? HostStatus.Up
        : record.Lost ? HostStatus.Unreachable
        : HostStatus.Disconnected;

    /// <summary>The host as placement sees it; the same object until something changes.</summary>
    public HostView View(HostRecord record, SchedulerState state)
    {
        var (status, claims) = (Status(record), state.ClaimsOf(Id));
        if (_view is null || _view.Status != status || _view.Claims != claims
            || !ReferenceEquals(_view.Capacity, record.Capacity)
            || !ReferenceEquals(_view.Drivers, record.Drivers))
        {
            _view = new HostView
            {
                Id = Id,
                Status = status,
                Capacity = record.Capacity,
                Drivers = record.Drivers,
                Claims = claims,
                Bases = Bases,
                Expected = state.ExpectedOn(Id),
            };
        }

        return _view;
    }
}
