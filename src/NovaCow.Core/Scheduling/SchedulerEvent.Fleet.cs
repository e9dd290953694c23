using NovaCow.Core.Hosting;

namespace NovaCow.Core.Scheduling;

/// <summary>An operator changed what a host may do.</summary>
public sealed record HostDutyChanged(HostId Host, HostDuty Duty, DateTimeOffset At)
    : SchedulerEvent(At);

/// <summary>An operator took a host out of the cluster; when it says hello it is a new one.
/// </summary>
/// <param name="Host">The host.</param>
/// <param name="IsForced">Whether it held instances, which were given up before.</param>
/// <param name="At">When.</param>
public sealed record HostRemoved(HostId Host, bool IsForced, DateTimeOffset At)
    : SchedulerEvent(At);
