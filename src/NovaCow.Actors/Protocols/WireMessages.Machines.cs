using NovaCow.Runtime.Serialization;

namespace NovaCow.Actors.Protocols;

public static partial class WireMessages
{
    private static void Machines(MessageSerializer s) => s
        .Register<SchedulerProtocol.PowerChanged>("h.power")
        .Register<SchedulerProtocol.ReadConsole>("vm.console")
        .Register<SchedulerProtocol.ConsoleFound>("vm.console-part")
        .Register<SchedulerProtocol.DescribeMachine>("vm.describe")
        .Register<SchedulerProtocol.MachineDescribed>("vm.described")
        .Register<SchedulerProtocol.ConsoleRead>("h.console-part")
        .Register<SchedulerProtocol.MachineRead>("h.described")
        .Register<HostProtocol.ReadConsole>("h.console")
        .Register<HostProtocol.DescribeMachine>("h.describe");
}
