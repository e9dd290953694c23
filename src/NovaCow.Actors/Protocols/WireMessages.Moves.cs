using NovaCow.Core.Scheduling;
using NovaCow.Runtime.Serialization;

namespace NovaCow.Actors.Protocols;

public static partial class WireMessages
{
    private static void Moves(MessageSerializer s) => s
        .Register<SchedulerProtocol.MoveInstance>("vm.move")
        .Register<SchedulerProtocol.CancelInstanceMove>("vm.move-cancel")
        .Register<SchedulerProtocol.EmptyHost>("host.empty")
        .Register<SchedulerProtocol.EvacuateHost>("host.evacuate")
        .Register<SchedulerProtocol.HostEmptied>("host.emptied")
        .Register<SchedulerProtocol.Offered>("h.offered")
        .Register<SchedulerProtocol.OfferRefused>("h.offer-refused")
        .Register<HostProtocol.Offer>("h.offer")
        .Register<HostProtocol.Withdraw>("h.withdraw")
        .Register<HostProtocol.Receive>("h.receive")
        .Register<MoveAccepted>("j.move+")
        .Register<MoveUndoing>("j.move-")
        .Register<MoveCommitted>("j.moved")
        .Register<MoveEnded>("j.move.ended");
}
