using System.Collections.Concurrent;

namespace NovaCow.Runtime.Actors;

/// <summary>
/// Publishes events to actors by the event's type, its base types and its interfaces. It forgets
/// subscribers that stop, and drops what nobody asked for.
/// </summary>
public sealed class EventStream
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Type, HashSet<IActorRef>> _subscribers = [];

    // Most actors never subscribe: their stop is to cost one look here.
    private readonly ConcurrentDictionary<IActorRef, byte> _everSubscribed = new();

    // Who gets an event of exactly this type: found once, thrown away when subscriptions change.
    private ConcurrentDictionary<Type, IActorRef[]> _routes = new();

    /// <summary>False when the actor had that subscription already.</summary>
    public bool Subscribe(IActorRef subscriber, Type channel)
    {
        ArgumentNullException.ThrowIfNull(subscriber);
        ArgumentNullException.ThrowIfNull(channel);
        lock (_lock)
        {
            if (!_subscribers.TryGetValue(channel, out var actors))
                _subscribers.Add(channel, actors = []);
            if (!actors.Add(subscriber))
                return false;
            _everSubscribed[subscriber] = 0;
            _routes = new ConcurrentDictionary<Type, IActorRef[]>();
        }

        // It may have stopped just now, before it could be seen here.
        if (subscriber is not InternalActorRef { IsTerminated: true })
            return true;
        Unsubscribe(subscriber);
        return false;
    }

    public bool Subscribe<TChannel>(IActorRef subscriber) =>
        Subscribe(subscriber, typeof(TChannel));

    public bool Unsubscribe(IActorRef subscriber, Type channel)
    {
        lock (_lock)
        {
            if (!_subscribers.TryGetValue(channel, out var actors) || !actors.Remove(subscriber))
                return false;
            if (actors.Count == 0)
                _subscribers.Remove(channel);
            _routes = new ConcurrentDictionary<Type, IActorRef[]>();
            return true;
        }
    }

    public bool Unsubscribe<TChannel>(IActorRef subscriber) =>
        Unsubscribe(subscriber, typeof(TChannel));

    /// <summary>Ends all subscriptions of the actor.</summary>
    public bool Unsubscribe(IActorRef subscriber)
    {
        _everSubscribed.TryRemove(subscriber, out _);
        Type[] channels;
        lock (_lock)
        {
            channels = [.. _subscribers
                .Where(s => s.Value.Contains(subscriber))
                .Select(s => s.Key)];
        }

        foreach (var channel in channels)
            Unsubscribe(subscriber, channel);
        return channels.Length > 0;
    }

    public void Publish(object @event)
    {
        ArgumentNullException.ThrowIfNull(@event);
        foreach (var subscriber in Route(@event.GetType()))
            subscriber.Tell(@event, ActorCell.CurrentSelfOrNoSender());
    }

    /// <summary>Whether anybody would get an event of this type.</summary>
    public bool HasSubscribers(Type type) => Route(type).Length > 0;

    internal void Forget(IActorRef stopped)
    {
        if (_everSubscribed.ContainsKey(stopped))
            Unsubscribe(stopped);
    }

    private IActorRef[] Route(Type type)
    {
        var routes = Volatile.Read(ref _routes);
        if (routes.TryGetValue(type, out var route))
            return route;
        lock (_lock)
        {
            route = [.. _subscribers
                .Where(s => s.Key.IsAssignableFrom(type))
                .SelectMany(s => s.Value)
                .Distinct()];
            _routes[type] = route;
            return route;
        }
    }
}
