using NovaCow.Core.Scheduling;
using NovaCow.Runtime.Actors;
using static NovaCow.Actors.Protocols.SchedulerProtocol;

namespace NovaCow.Actors.Scheduling;

/// <summary>Clients that follow the cluster's events; part of SchedulerActor's state. What belongs
/// to one decision is told in one message.</summary>
internal sealed class EventSubscribers(int limit)
{
    private readonly HashSet<IActorRef> _clients = [];
    private List<ClusterEvent> _gathered = [];

    public bool IsFull => _clients.Count >= limit;

    public bool Add(IActorRef client) => _clients.Add(client);

    public bool Remove(IActorRef client) => _clients.Remove(client);

    public void Gather(ClusterEvent? happened)
    {
        if (happened is not null && _clients.Count > 0)
            _gathered.Add(happened);
    }

    public void Flush()
    {
        if (_gathered.Count == 0)
            return;
        var events = new Events(_gathered);
        _gathered = [];
        foreach (var client in _clients)
            client.Tell(events);
    }
}
