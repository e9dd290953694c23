using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;

namespace NovaCow.Core.Tests.Scheduling;

/// <summary>How a simulated host is down, and others read its store, whose lock is free only then.
/// </summary>
internal sealed partial class SimulatedHost
{
    /// <summary>Whether there is no process, and nothing of it runs.</summary>
    public bool IsDown { get; set; }

    public void GoDown()
    {
        Crash();
        IsDown = true;
        foreach (var id in _machines.Keys.ToList())
            _machines[id] = PowerState.Stopped;
    }

    /// <summary>How often a guest was started on the disks of an instance, and wrote.</summary>
    public int WritesOf(InstanceId id) => _disks[id].Writes;

    public bool IsActive(InstanceId id, int attempt) =>
        Has.TryGetValue(id, out var has) && has == (attempt, true);

    private SimulatedDisks? ReadByOther(InstanceId id, int attempt) =>
        IsDown && Has.TryGetValue(id, out var has) && has.Attempt == attempt
            ? _disks[id].Copy()
            : null;

    private SimulatedDisks? Fetch(SchedulerEffect.Receive c) =>
        c.Order.Source.Dead is { } dead
            ? Network(dead.Store.Folder).ReadByOther(c.Id, dead.Attempt)
            : Network(c.Order.Source.Address).Lend(c.Id, c.Order.Source.Token);
}

internal abstract partial record Said
{
    /// <summary>Whether it is what this host said.</summary>
    public bool By(HostId host) => this switch
    {
        Hello s => s.Facts.Host == host,
        Ready s => s.Host == host,
        Failed s => s.Host == host,
        Active s => s.Host == host,
        Removed s => s.Host == host,
        Changed s => s.Host == host,
        Offered s => s.Host == host,
        Refused s => s.Host == host,
        Power s => s.Host == host,
        _ => false,
    };
}
