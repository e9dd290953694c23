using static NovaCow.Actors.Protocols.SchedulerProtocol;

namespace NovaCow.Actors.Scheduling;

/// <summary>Moves of instances between hosts: what clients ask, and what hosts say of them.
/// </summary>
public sealed partial class SchedulerActor
{
    private void MoveCommands()
    {
        Command<MoveInstance>(m => Carry(
            _core.Move(m.Id, m.Request, Now), d => new InstanceFound(d.Instances[0])));
        Command<CancelInstanceMove>(m => Carry(
            _core.CancelMove(m.Id, Now), d => new InstanceFound(d.Instances[0])));
        Command<EmptyHost>(m =>
        {
            var (decision, moves) = _core.MoveAll(m.Host, Now);
            Carry(decision, _ => new HostEmptied(moves));
        });
        Command<EvacuateHost>(m =>
        {
            var (decision, moves) = _core.Evacuate(m.Host, m.Request, Now);
            Carry(decision, _ => new HostEmptied(moves));
        });
        FromHost<Offered>(m => m.Host, m => Carry(
            _core.Offered(m.Host, m.Id, m.Fence, (m.Number, m.Token))));
        FromHost<OfferRefused>(m => m.Host, m => Carry(
            _core.OfferRefused(m.Host, m.Id, m.Fence, (m.Number, m.Error), Now)));
    }
}
