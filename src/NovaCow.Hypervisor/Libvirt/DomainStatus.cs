using NovaCow.Core;
using NovaCow.Hypervisor.Libvirt.Native;

namespace NovaCow.Hypervisor.Libvirt;

/// <summary>Says in the project's words how a domain is, and what an event made of it.</summary>
internal static class DomainStatus
{
    /// <summary>How a domain in this state, for this reason, is.</summary>
    public static MachineStatus Of(DomainState state, int reason) => state switch
    {
        DomainState.Running or DomainState.Blocked => Started,
        DomainState.ShuttingDown => Stopping(PowerCause.Unknown),
        DomainState.Paused => OfPaused((PausedReason)reason),
        DomainState.ShutOff => OfShutOff((ShutOffReason)reason),
        DomainState.Crashed => Broken,
        DomainState.Suspended => new MachineStatus(PowerState.Paused, PowerCause.Guest),
        _ => new MachineStatus(PowerState.Paused, PowerCause.Unknown),
    };

    /// <summary>How a domain is after an event; null: it is as it was.</summary>
    public static MachineStatus? After(LifecycleEvent what, int detail) => what switch
    {
        LifecycleEvent.Started or LifecycleEvent.Resumed => Started,
        LifecycleEvent.Suspended when (SuspendedDetail)detail == SuspendedDetail.InputOutput =>
            new MachineStatus(PowerState.Paused, PowerCause.InputOutput),
        LifecycleEvent.Suspended => new MachineStatus(PowerState.Paused, PowerCause.Unknown),
        LifecycleEvent.GuestSuspended => new MachineStatus(PowerState.Paused, PowerCause.Guest),
        LifecycleEvent.ShutDown => Stopping(
            (ShutDownDetail)detail == ShutDownDetail.Host ? PowerCause.Ended : PowerCause.Guest),
        LifecycleEvent.Stopped => OfStopped((StoppedDetail)detail),
        LifecycleEvent.Crashed => Broken,
        _ => null,
    };

    private static MachineStatus Started { get; } = new(PowerState.Running, PowerCause.Started);

    private static MachineStatus Broken { get; } = new(PowerState.Crashed, PowerCause.Broke);

    private static MachineStatus OfPaused(PausedReason reason) => reason switch
    {
        PausedReason.StartingUp => Started,
        PausedReason.InputOutput => new MachineStatus(PowerState.Paused, PowerCause.InputOutput),
        PausedReason.Crashed => new MachineStatus(PowerState.Paused, PowerCause.Broke),
        _ => new MachineStatus(PowerState.Paused, PowerCause.Unknown),
    };

    private static MachineStatus OfShutOff(ShutOffReason reason) => reason switch
    {
        ShutOffReason.ShutDown => Stopped(PowerCause.Guest),
        ShutOffReason.Destroyed or ShutOffReason.Migrated or ShutOffReason.Saved =>
            Stopped(PowerCause.Ended),
        ShutOffReason.Crashed or ShutOffReason.Failed => Broken,
        _ => Stopped(PowerCause.Unknown),
    };

    private static MachineStatus OfStopped(StoppedDetail detail) => detail switch
    {
        StoppedDetail.ShutDown => Stopped(PowerCause.Guest),
        StoppedDetail.Destroyed or StoppedDetail.Migrated or StoppedDetail.Saved =>
            Stopped(PowerCause.Ended),
        StoppedDetail.Crashed or StoppedDetail.Failed => Broken,
        _ => Stopped(PowerCause.Unknown),
    };

    private static MachineStatus Stopping(PowerCause cause) => new(PowerState.Stopping, cause);

    private static MachineStatus Stopped(PowerCause cause) => new(PowerState.Stopped, cause);
}
