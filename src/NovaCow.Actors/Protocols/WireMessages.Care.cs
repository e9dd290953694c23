using NovaCow.Runtime.Serialization;

namespace NovaCow.Actors.Protocols;

public static partial class WireMessages
{
    private static void Care(MessageSerializer s) => s
        .Register<SchedulerProtocol.ScrubBases>("base.scrub")
        .Register<SchedulerProtocol.ScrubOrdered>("base.scrubbing")
        .Register<SchedulerProtocol.EvictBase>("base.evict")
        .Register<SchedulerProtocol.BaseEvicted>("base.evicted")
        .Register<SchedulerProtocol.GetSpace>("space.get")
        .Register<SchedulerProtocol.SpaceFound>("space.found")
        .Register<SchedulerProtocol.EvictionDone>("h.evicted")
        .Register<SchedulerProtocol.SpaceMeasured>("h.space")
        .Register<HostProtocol.Scrub>("h.scrub")
        .Register<HostProtocol.EvictBase>("h.evict")
        .Register<HostProtocol.MeasureSpace>("h.measure");
}
