using NovaCow.Core;

namespace NovaCow.Actors.Protocols;

/// <summary>What the scheduler asks of a host's bases and its store, for a client.</summary>
public static partial class HostProtocol
{
    /// <summary>Verify bases, one after the other; how it goes is in their reports.</summary>
    /// <param name="Key">The base; null: every one.</param>
    public sealed record Scrub(BaseKey? Key) : IHostMessage;

    /// <summary>Remove a base that nothing needs; answered by
    /// <see cref="SchedulerProtocol.EvictionDone"/>.</summary>
    /// <param name="Request">Comes back with the answer.</param>
    /// <param name="Key">The base.</param>
    public sealed record EvictBase(long Request, BaseKey Key) : IHostMessage;

    /// <summary>Measure everything now; answered by
    /// <see cref="SchedulerProtocol.SpaceMeasured"/>.</summary>
    /// <param name="Request">Comes back with the answer.</param>
    public sealed record MeasureSpace(long Request) : IHostMessage;
}
