using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;

namespace NovaCow.Actors.Protocols;

/// <summary>What a host says of itself: only that host may say it.</summary>
public interface IFromHost : ISchedulerMessage
{
    /// <summary>The host.</summary>
    HostId Host { get; }
}

/// <summary>What hosts say to SchedulerActor, over a link or within the process.</summary>
public static partial class SchedulerProtocol
{
    /// <summary>
    /// A host that connects says what it is and has; the sender is its HostActor. Answered by
    /// <see cref="HostProtocol.Welcome"/> once the hello is durable.
    /// </summary>
    public sealed record HostHello(HostFacts Facts) : IFromHost
    {
        HostId IFromHost.Host => Facts.Host;
    }

    /// <summary>How a host is, said every few seconds and when something changed.</summary>
    /// <param name="Host">The host.</param>
    /// <param name="Incarnation">The life of its process that says so.</param>
    /// <param name="Usage">How its store is used.</param>
    /// <param name="Counters">What it has done.</param>
    public sealed record HostReport(
        HostId Host, string Incarnation, HostUsage Usage, HostCounters Counters)
        : IFromHost
    {
        /// <summary>How fast it works.</summary>
        public HostPaces Paces { get; init; } = HostPaces.Unknown;
    }

    /// <summary>A base changed on a host, or came further.</summary>
    public sealed record BaseProgress(HostId Host, BaseReport Base) : IFromHost;

    /// <summary>A disk of this attempt, which takes long, came further.</summary>
    /// <param name="Host">The host.</param>
    /// <param name="Id">The instance.</param>
    /// <param name="Fence">The attempt.</param>
    /// <param name="Progress">How far it is.</param>
    public sealed record InstanceProgress(
        HostId Host, InstanceId Id, LaunchFence Fence, LaunchProgress Progress)
        : IFromHost;

    /// <summary>The disks of this attempt and their record are durable on the host.</summary>
    public sealed record Prepared(
        HostId Host,
        InstanceId Id,
        LaunchFence Fence,
        IReadOnlyList<InstanceDisk> Disks,
        Preparation Preparation) : IFromHost;

    /// <summary>This attempt failed, and nothing of it is left on the host.</summary>
    public sealed record LaunchFailed(
        HostId Host, InstanceId Id, LaunchFence Fence, LaunchError Error) : IFromHost;

    /// <summary>The committed instance runs, or without a hypervisor is ready.</summary>
    public sealed record Activated(HostId Host, InstanceId Id, LaunchFence Fence)
        : IFromHost;

    /// <summary>Nothing of this instance is left on the host, up to and including this fence.
    /// </summary>
    public sealed record Deleted(HostId Host, InstanceId Id, LaunchFence Fence) : IFromHost;
}
