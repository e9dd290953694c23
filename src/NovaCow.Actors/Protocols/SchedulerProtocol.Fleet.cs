using NovaCow.Core;
using NovaCow.Core.Hosting;

namespace NovaCow.Actors.Protocols;

/// <summary>What operators do with hosts, and what a host says when it stops.</summary>
public static partial class SchedulerProtocol
{
    /// <summary>Lets a host do more or less; answered by <see cref="HostFound"/>. The same duty
    /// again is no error.</summary>
    public sealed record SetHostDuty(HostId Host, HostDuty Duty) : ISchedulerMessage;

    /// <summary>Takes a host out of the cluster; answered by <see cref="HostForgotten"/>. One that
    /// is connected, or that holds instances and is not removed by force, is a conflict.</summary>
    /// <param name="Host">The host.</param>
    /// <param name="IsForced">Whether its instances are given up with it.</param>
    public sealed record RemoveHost(HostId Host, bool IsForced) : ISchedulerMessage;

    /// <summary>The cluster does not have the host any more.</summary>
    public sealed record HostForgotten(HostId Host) : ISchedulerMessage;

    /// <summary>A host stops, and nobody need wait for it; answered by
    /// <see cref="HostProtocol.Farewell"/> once that is durable.</summary>
    /// <param name="Host">The host.</param>
    /// <param name="Incarnation">The life of its process that ends.</param>
    public sealed record HostLeaving(HostId Host, string Incarnation) : IFromHost;
}
