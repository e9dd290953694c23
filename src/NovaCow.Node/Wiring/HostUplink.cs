using NovaCow.Actors.Hosting;
using NovaCow.Actors.Protocols;
using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Cluster;

namespace NovaCow.Node.Wiring;

/// <summary>
/// Tells this process's HostActor which scheduler it can reach, here or over a link. When the
/// HostActor ends, the node must.
/// </summary>
internal sealed class HostUplink : ReceiveActor
{
    private readonly IActorRef _host;

    /// <param name="host">This process's HostActor.</param>
    /// <param name="onHostEnded">Told why, when the HostActor has ended by itself.</param>
    public HostUplink(IActorRef host, Action<string> onHostEnded)
    {
        _host = host;
        Receive<SingletonReachable>(
            reachable => _host.Tell(new HostActor.Connected(reachable.Singleton)));
        Receive<SingletonUnreachable>(_ => _host.Tell(new HostActor.Disconnected()));
        Receive<Terminated>(_ => onHostEnded(
            $"actor {HostProtocol.Name} has ended; the log says why, and a restart looks at the "
            + "store anew"));
    }

    protected override void PreStart()
    {
        Context.Watch(_host);
        Context.System.EventStream.Subscribe(Self, typeof(SingletonReachable));
        Context.System.EventStream.Subscribe(Self, typeof(SingletonUnreachable));
    }
}
