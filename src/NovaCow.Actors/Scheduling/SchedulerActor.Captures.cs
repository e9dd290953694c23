using NovaCow.Actors.Protocols;
using NovaCow.Runtime.Actors;
using static NovaCow.Actors.Protocols.SchedulerProtocol;

namespace NovaCow.Actors.Scheduling;

/// <summary>The images that hosts made of disks.</summary>
public sealed partial class SchedulerActor
{
    private void CaptureCommands() => FromHost<CapturesHeld>(m => m.Host, m =>
    {
        if (!_core.CapturesHeld(m.Host, m.Held, Now))
            Sender.Tell(new HostProtocol.SayHello());
    });
}
