using NovaCow.Core.Scheduling;
using NovaCow.Runtime.Serialization;

namespace NovaCow.Actors.Protocols;

public static partial class WireMessages
{
    private static void Fleet(MessageSerializer s) => s
        .Register<SchedulerProtocol.SetHostDuty>("host.duty")
        .Register<SchedulerProtocol.RemoveHost>("host.remove")
        .Register<SchedulerProtocol.HostForgotten>("host.removed")
        .Register<SchedulerProtocol.HostLeaving>("h.leaving")
        .Register<HostProtocol.Farewell>("h.farewell")
        .Register<HostDutyChanged>("j.duty")
        .Register<HostRemoved>("j.removed");
}
