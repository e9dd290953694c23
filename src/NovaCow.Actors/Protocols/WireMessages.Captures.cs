using NovaCow.Core.Scheduling;
using NovaCow.Runtime.Serialization;

namespace NovaCow.Actors.Protocols;

public static partial class WireMessages
{
    private static void Captures(MessageSerializer s) => s
        .Register<SchedulerProtocol.CapturesHeld>("h.captures")
        .Register<HostProtocol.DropCaptures>("h.drop-captures")
        .Register<CapturesDropped>("j.captures-");
}
