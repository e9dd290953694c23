using NovaCow.Actors.Protocols;
using NovaCow.Runtime.Actors;

namespace NovaCow.Actors.Hosting;

/// <summary>How a host stops in order: it says so, so that what it has not committed is made
/// elsewhere at once, and says nothing more.</summary>
public sealed partial class HostActor
{
    /// <summary>The process is about to end; from the node's wiring. Answered by
    /// <see cref="HasLeft"/> when the scheduler knows, or when there is none to tell.</summary>
    public sealed record Leave;

    /// <summary>The process may end.</summary>
    public sealed record HasLeft;

    private void OnLeave()
    {
        if (_scheduler is null)
        {
            Sender.Tell(new HasLeft());
            return;
        }

        var asking = Sender;
        _scheduler.Tell(new SchedulerProtocol.HostLeaving(_host.Id, _host.Incarnation));
        Become(() =>
        {
            Receive<HostProtocol.Farewell>(_ => asking.Tell(new HasLeft()));
            ReceiveAny(_ => { });
        });
    }
}
