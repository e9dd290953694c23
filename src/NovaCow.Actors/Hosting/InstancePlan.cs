using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;
using static NovaCow.Actors.Protocols.BaseVolumeProtocol;

namespace NovaCow.Actors.Hosting;

/// <summary>What an InstanceActor is made from.</summary>
/// <param name="Id">The instance.</param>
/// <param name="Attempt">The attempt that makes or made it.</param>
/// <param name="Spec">What it is to become; null: it was found.</param>
/// <param name="Disks">Its disks in device order.</param>
/// <param name="Error">Why it is undone, where it begins with that.</param>
internal sealed record InstancePlan(
    InstanceId Id,
    LaunchFence Attempt,
    LaunchSpec? Spec,
    IReadOnlyList<DiskRef> Disks,
    LaunchError? Error = null)
{
    /// <summary>The cluster that launches it.</summary>
    public string? Cluster { get; init; }

    /// <summary>Where its disks come from, where it moves here.</summary>
    public MoveOrder? Order { get; init; }

    /// <summary>Its record, where it was found or is prepared.</summary>
    public InstanceRecord? Record { get; init; }

    /// <summary>Its machine, as far as it is known; null: there is none.</summary>
    public MachineStatus? Machine { get; init; }
}
