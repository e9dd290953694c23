using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;

namespace NovaCow.Core.Tests.Scheduling;

/// <summary>The machines of a simulated host: they outlive its process, and a guest may power
/// itself off at any time.</summary>
internal sealed partial class SimulatedHost
{
    private static readonly LaunchError DoesNotStart =
        new(LaunchErrorCode.Hypervisor, "it does not start", false);

    private readonly Dictionary<InstanceId, PowerState> _machines = [];
    private int _moments;

    /// <summary>What runs its machines.</summary>
    public HypervisorCapabilities Hypervisor { get; init; } = OneMachine.Kvm;

    /// <summary>Told of disks that were undone after their commit.</summary>
    public Action<InstanceId>? OnUndone { get; init; }

    public bool IsOn(InstanceId id) => PowerOf(id) == PowerState.Running;

    public PowerState? PowerOf(InstanceId id) =>
        _machines.TryGetValue(id, out var power) ? power : null;

    /// <summary>A guest powers off, or breaks.</summary>
    public IEnumerable<Said> PowerOff(Dice dice)
    {
        var on = _machines.Where(m => m.Value == PowerState.Running).Select(m => m.Key)
            .OrderBy(id => id.Value, StringComparer.Ordinal).ToList();
        return on.Count == 0
            ? []
            : Set(on[dice.Next(on.Count)],
                dice.Next(4) == 0 ? PowerState.Crashed : PowerState.Stopped);
    }

    // One that moves here was stopped, and stays so.
    private IEnumerable<Said> StartCommitted(InstanceId id)
    {
        if (!Hypervisor.RunsMachines || !_disks[id].MayStart)
            return [];
        _disks[id].MayStart = false;
        return Set(id, PowerState.Running);
    }

    private Said.Failed UndoCommitted(InstanceId id, LaunchFence fence)
    {
        Has.Remove(id);
        _admission.End(id, DoesNotStart);
        OnUndone?.Invoke(id);
        return new Said.Failed(Id, id, fence) { Why = DoesNotStart };
    }

    private List<Said> SetFor(InstanceId id, InstanceChange change) => change switch
    {
        InstanceChange.Start or InstanceChange.Reboot => Set(id, PowerState.Running),
        InstanceChange.Stop => Set(id, PowerState.Stopped),
        _ => [],
    };

    private List<Said> Set(InstanceId id, PowerState power)
    {
        if (PowerOf(id) == power)
            return [];
        _machines[id] = power;
        _moments++;
        if (power == PowerState.Running)
            _disks[id].Writes++;
        return _admission.Newest(id) is { } fence
            ? [new Said.Power(Id, id, fence, Report(power))]
            : [];
    }

    private PowerReport? ReportOf(InstanceId id) =>
        PowerOf(id) is { } power ? Report(power) : null;

    private PowerReport Report(PowerState power) => OneMachine.Report(power, _moments);
}

internal abstract partial record Said
{
    public sealed record Power(
        HostId Host, InstanceId Id, LaunchFence Fence, PowerReport Report) : Said;
}
