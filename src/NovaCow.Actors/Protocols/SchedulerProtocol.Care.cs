using NovaCow.Core;
using NovaCow.Core.Hosting;

namespace NovaCow.Actors.Protocols;

/// <summary>What clients ask of a host's bases and its store, and what the host answers.</summary>
public static partial class SchedulerProtocol
{
    /// <summary>Has bases of a host verified; answered by <see cref="ScrubOrdered"/> at once.
    /// </summary>
    /// <param name="Host">The host.</param>
    /// <param name="Key">The base; null: every one.</param>
    public sealed record ScrubBases(HostId Host, BaseKey? Key) : ISchedulerMessage;

    /// <summary>The host was told.</summary>
    /// <param name="Bases">How many bases will be verified.</param>
    public sealed record ScrubOrdered(int Bases) : ISchedulerMessage;

    /// <summary>Removes a base that nothing needs from a host; answered by
    /// <see cref="BaseEvicted"/>. One with clones or waiters is a conflict.</summary>
    public sealed record EvictBase(HostId Host, BaseKey Key) : ISchedulerMessage;

    /// <summary>The host does not have the base any more.</summary>
    public sealed record BaseEvicted(long FreedBytes) : ISchedulerMessage;

    /// <summary>Measures a host's store now; answered by <see cref="SpaceFound"/>.</summary>
    public sealed record GetSpace(HostId Host) : ISchedulerMessage;

    /// <summary>How a host's store is used.</summary>
    public sealed record SpaceFound(HostSpace Space) : ISchedulerMessage;

    /// <summary>A host answers <see cref="HostProtocol.EvictBase"/>.</summary>
    /// <param name="Host">The host.</param>
    /// <param name="Request">As it was asked.</param>
    /// <param name="FreedBytes">What the removal gave back.</param>
    /// <param name="Error">Why the base stays; null: it is gone.</param>
    public sealed record EvictionDone(
        HostId Host, long Request, long FreedBytes, RequestError? Error) : IFromHost;

    /// <summary>A host answers <see cref="HostProtocol.MeasureSpace"/>.</summary>
    /// <param name="Host">The host.</param>
    /// <param name="Request">As it was asked.</param>
    /// <param name="Space">What it found.</param>
    /// <param name="Error">Why it found nothing.</param>
    public sealed record SpaceMeasured(
        HostId Host, long Request, HostSpace? Space, LaunchError? Error) : IFromHost;
}
