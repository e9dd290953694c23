using NovaCow.Core;
using NovaCow.Core.Scheduling;

namespace NovaCow.Actors.Protocols;

/// <summary>Moves of instances between hosts, as the scheduler asks for them.</summary>
public static partial class HostProtocol
{
    /// <summary>Lend the disks of an instance that is to leave; answered by
    /// <see cref="SchedulerProtocol.Offered"/> or <see cref="SchedulerProtocol.OfferRefused"/>, the
    /// same answer however often it is asked in one life of the host. What is not asked for again
    /// is lent no longer after a while.</summary>
    /// <param name="Id">The instance.</param>
    /// <param name="Fence">Its attempt.</param>
    /// <param name="Number">Which of its moves, from 1.</param>
    public sealed record Offer(InstanceId Id, LaunchFence Fence, int Number) : IHostMessage;

    /// <summary>Lend them no longer; not answered.</summary>
    public sealed record Withdraw(InstanceId Id, LaunchFence Fence, int Number) : IHostMessage;

    /// <summary>Take an instance of another host over; answered as <see cref="Prepare"/> is.
    /// </summary>
    /// <param name="Id">The instance.</param>
    /// <param name="Fence">The attempt that this host gets it by.</param>
    /// <param name="Spec">What it was launched as.</param>
    /// <param name="Order">What it has, and where that is.</param>
    public sealed record Receive(
        InstanceId Id, LaunchFence Fence, LaunchSpec Spec, MoveOrder Order) : IHostMessage;
}
