using NovaCow.Actors.Protocols;
using static NovaCow.Actors.Protocols.SchedulerProtocol;

namespace NovaCow.Actors.Scheduling;

/// <summary>What operators do with hosts, and hosts that stop in order.</summary>
public sealed partial class SchedulerActor
{
    private void FleetCommands()
    {
        Command<SetHostDuty>(m => Carry(
            _core.SetDuty(m.Host, m.Duty, Now), _ => new HostFound(_core.Host(m.Host)!)));
        Command<RemoveHost>(m => Carry(
            _core.RemoveHost(m.Host, m.IsForced, Now), _ => new HostForgotten(m.Host)));
        FromHost<HostLeaving>(m => m.Host, m => Carry(
            _core.Left(m.Host, m.Incarnation, Now), _ => new HostProtocol.Farewell()));
    }
}
