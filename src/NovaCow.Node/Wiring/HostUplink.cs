using NovaCow.Actors.Hosting;
using NovaCow.Actors.Protocols;
using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Cluster;

namespace NovaCow.Node.Wiring;

/// <summary>
/// Tells this process's HostActor which scheduler it can reach: over the link to the leader, or by
/// the proxy where the process has the control role too. When the HostActor ends, the node must.
/// </summary>
internal sealed class HostUplink : ReceiveActor
{
    private readonly IActorRef _host;

    /// <param name="host">This process's HostActor.</param>
    /// <param name="proxy">The scheduler's proxy, where this process has the control role.</param>
    /// <param name="onHostEnded">Told why, when the HostActor has ended by itself.</param>
    public HostUplink(IActorRef host, IActorRef? proxy, Action<string> onHostEnded)
    {
        _host = host;
        Receive<LeaderLinked>(linked => Connect(linked.Link.ActorFor(ControlRole.SchedulerPath)));
        Receive<LeaderUnlinked>(_ => Disconnect());
        Receive<LeaderChanged>(leader =>
        {
            if (proxy is null || leader.Address is null)
                Disconnect();
            else
                Connect(proxy);
        });
        Receive<Terminated>(_ => onHostEnded(
            $"actor {HostProtocol.Name} has ended; the log says why, and a restart looks at the "
            + "store anew"));
    }

    protected override void PreStart()
    {
        Context.Watch(_host);
        var events = Context.System.EventStream;
        events.Subscribe(Self, typeof(LeaderLinked));
        events.Subscribe(Self, typeof(LeaderUnlinked));
        events.Subscribe(Self, typeof(LeaderChanged));
        if (Leadership.Of(Context.System).Current(ControlRole.Lease) is { } leader)
            Self.Tell(leader);
    }

    private void Connect(IActorRef scheduler) => _host.Tell(new HostActor.Connected(scheduler));

    private void Disconnect() => _host.Tell(new HostActor.Disconnected());
}
