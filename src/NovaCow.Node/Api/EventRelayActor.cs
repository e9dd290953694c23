using System.Threading.Channels;
using NovaCow.Actors.Protocols;
using NovaCow.Core.Scheduling;
using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Cluster;

namespace NovaCow.Node.Api;

/// <summary>
/// Passes the scheduler's events to one reader of the API. It subscribes again after the last event
/// it has seen when the leader changes; it never drops an event in the middle of a stream.
/// </summary>
internal sealed class EventRelayActor : ReceiveActor
{
    private readonly IActorRef _scheduler;
    private readonly ChannelWriter<ClusterEvent> _reader;
    private long? _last;

    public EventRelayActor(IActorRef scheduler, long? after, ChannelWriter<ClusterEvent> reader)
    {
        (_scheduler, _last, _reader) = (scheduler, after, reader);
        Receive<SchedulerProtocol.EventsSubscribed>(s => _last ??= s.Next - 1);
        Receive<SchedulerProtocol.Events>(Pass);
        Receive<SingletonReachable>(_ => Subscribe());
        ReceiveAny(_ => { });
    }

    protected override void PreStart()
    {
        Context.System.EventStream.Subscribe(Self, typeof(SingletonReachable));
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
            if (!_reader.TryWrite(happened))
            {
                Context.Stop(Self);
                return;
            }

            _last = happened.Sequence ?? _last;
        }
    }
}
