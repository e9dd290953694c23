using NovaCow.Core;
using NovaCow.Core.Scheduling;

namespace NovaCow.Actors.Protocols;

/// <summary>Moves of instances between hosts: what clients ask, and what hosts say.</summary>
public static partial class SchedulerProtocol
{
    /// <summary>Moves an instance; answered by <see cref="InstanceFound"/> with the move under way.
    /// The same one again is answered as it is; another one meanwhile is a conflict.</summary>
    public sealed record MoveInstance(InstanceId Id, MoveRequest Request) : ISchedulerMessage;

    /// <summary>Has the move under way given up; answered by <see cref="InstanceFound"/> with the
    /// move as it is then. One that is committed goes on.</summary>
    public sealed record CancelInstanceMove(InstanceId Id) : ISchedulerMessage;

    /// <summary>Moves what is on a host to others, a few at a time; answered by
    /// <see cref="HostEmptied"/>, and asked again until nothing moves or waits.</summary>
    public sealed record EmptyHost(HostId Host) : ISchedulerMessage;

    /// <summary>How far a host is from being empty.</summary>
    public sealed record HostEmptied(HostMoves Moves) : ISchedulerMessage;

    /// <summary>Evacuates a dead host's instances, a few at a time; answered by
    /// <see cref="HostEmptied"/>, and asked again until nothing moves or waits. One that is not
    /// unreachable, or that nobody calls off, is refused.</summary>
    public sealed record EvacuateHost(HostId Host, EvacuationRequest Request) : ISchedulerMessage;

    /// <summary>The host lends the disks.</summary>
    /// <param name="Host">The host.</param>
    /// <param name="Id">The instance.</param>
    /// <param name="Fence">Its attempt.</param>
    /// <param name="Number">Which of its moves.</param>
    /// <param name="Token">What opens them. It is a secret.</param>
    public sealed record Offered(
        HostId Host, InstanceId Id, LaunchFence Fence, int Number, string Token) : IFromHost
    {
        /// <inheritdoc/>
        public override string ToString() => $"Offered {Id} by {Host}";
    }

    /// <summary>The host cannot lend the disks.</summary>
    public sealed record OfferRefused(
        HostId Host, InstanceId Id, LaunchFence Fence, int Number, LaunchError Error)
        : IFromHost;
}
