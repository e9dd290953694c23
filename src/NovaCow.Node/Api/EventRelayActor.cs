using System.Threading.Channels;
using NovaCow.Actors.Protocols;
using NovaCow.Node.Catalogue;
using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Cluster;

namespace NovaCow.Node.Api;

/// <summary>
/// Passes the scheduler's events, and this node's own progress, to one reader of the API. It subscribes again after the last event
/// it has seen when the leader changes; it never drops an event in the middle of a stream.
/// </summary>
internal sealed class EventRelayActor : ReceiveActor
{
    private readonly IActorRef _scheduler;
    private readonly ChannelWriter<Client.ClusterEvent> _reader;
    private long? _last;

    public EventRelayActor(
        IActorRef scheduler, long? after, ChannelWriter<Client.ClusterEvent> reader)
    {
        (_scheduler, _last, _reader) = (scheduler, after, reader);
        Receive<SchedulerProtocol.EventsSubscribed>(s => _last ??= s.Next - 1);
        Receive<SchedulerProtocol.Events>(Pass);
        Receive<SingletonReachable>(_ => Subscribe());
        Receive<RegistrationProgress>(p => Pass(p.ToResource(Context.System.TimeProvider)));
        ReceiveAny(_ => { });
    }

    protected override void PreStart()
    {
        Context.System.EventStream.Subscribe(Self, typeof(SingletonReachable));
        Context.System.EventStream.Subscribe(Self, typeof(RegistrationProgress));
        Subscribe();
    }

    protected override void PostStop()
    {
        _scheduler.Tell(new SchedulerProtocol.UnsubscribeEvents(), Self);
        _reader.TryComplete();
    }

    private void Subscribe() => _scheduler.Tell(new SchedulerProtocol.SubscribeEvents(_last), Self);

    private void Pass(SchedulerProtocol.Events events)
    {
        foreach (var happened in events.Items)
        {
            Pass(happened.ToResource());
            _last = happened.Sequence ?? _last;
        }
    }

    private void Pass(Client.ClusterEvent happened)
    {
        // A reader that is too far behind comes back with the last id it has seen.
        if (!_reader.TryWrite(happened))
            Context.Stop(Self);
    }
}
