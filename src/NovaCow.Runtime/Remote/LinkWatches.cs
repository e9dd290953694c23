using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Remote.Wire;

namespace NovaCow.Runtime.Remote;

/// <summary>
/// Death watch across one link, both ways. A watch has a number of its watcher's side. When the
/// link ends, every local watcher hears that its actor is out of reach, and local actors lose
/// the watchers that were remote.
/// </summary>
internal sealed class LinkWatches(Link link, LinkWriter writer)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(IActorRef, IActorRef), long> _numbers = [];
    private readonly Dictionary<long, (RemoteActorRef Watchee, InternalActorRef Watcher)> _mine =
        [];

    private readonly Dictionary<long, Stand> _theirs = [];
    private long _last;
    private bool _isDown;

    public void Watch(RemoteActorRef watchee, InternalActorRef watcher)
    {
        bool isRefused;
        lock (_gate)
        {
            if (!_isDown && _numbers.ContainsKey((watchee, watcher)))
                return;
            isRefused = _isDown || writer.Watch(++_last, watchee) != Queued.Yes;
            if (!isRefused)
            {
                _numbers[(watchee, watcher)] = _last;
                _mine[_last] = (watchee, watcher);
            }
        }
        if (isRefused)
            watcher.SendSystemMessage(new DeathWatchNotification(watchee, false, true));
    }

    public void Unwatch(RemoteActorRef watchee, InternalActorRef watcher)
    {
        lock (_gate)
        {
            if (!_numbers.Remove((watchee, watcher), out var number))
                return;
            _mine.Remove(number);
            writer.Unwatch(number);
        }
    }

    /// <summary>The peer says that the actor of a watch has ended.</summary>
    public void Ended(long number, bool existed)
    {
        (RemoteActorRef Watchee, InternalActorRef Watcher) watch;
        lock (_gate)
        {
            if (!_mine.Remove(number, out watch))
                return;
            _numbers.Remove((watch.Watchee, watch.Watcher));
        }
        watch.Watcher.SendSystemMessage(
            new DeathWatchNotification(watch.Watchee, existed, addressTerminated: false));
    }

    /// <summary>The peer watches a local actor.</summary>
    public void WatchFor(long number, InternalActorRef watchee)
    {
        var stand = new Stand(this, number, watchee, link.Root);
        lock (_gate)
        {
            if (_isDown)
                return;
            if (_theirs.Count >= Limits.Watches)
                throw new LinkProtocolException($"more than {Limits.Watches} watches");
            if (!_theirs.TryAdd(number, stand))
                throw new LinkProtocolException($"watch {number} exists already");
        }
        watchee.SendSystemMessage(new Watch(watchee, stand));
    }

    public void UnwatchFor(long number)
    {
        Stand? stand;
        lock (_gate)
            _theirs.Remove(number, out stand);
        stand?.Leave();
    }

    /// <summary>The link is gone.</summary>
    public void Down()
    {
        List<(RemoteActorRef Watchee, InternalActorRef Watcher)> mine;
        List<Stand> theirs;
        lock (_gate)
        {
            _isDown = true;
            mine = [.. _mine.Values];
            theirs = [.. _theirs.Values];
            _mine.Clear();
            _numbers.Clear();
            _theirs.Clear();
        }
        foreach (var (watchee, watcher) in mine)
            watcher.SendSystemMessage(new DeathWatchNotification(watchee, false, true));
        foreach (var stand in theirs)
            stand.Leave();
    }

    private void TellPeer(long number, bool existed)
    {
        lock (_gate)
        {
            if (_theirs.Remove(number))
                writer.Terminated(number, existed);
        }
    }

    /// <summary>Stands here for one watcher at the peer.</summary>
    private sealed class Stand(
        LinkWatches owner, long number, InternalActorRef watchee, ActorPath root)
        : InternalActorRef
    {
        public override ActorPath Path { get; } =
            (root / "watch").CreateChild($"{number}", number);

        public void Leave() => watchee.SendSystemMessage(new Unwatch(watchee, this));

        public override void Tell(object message, IActorRef? sender)
        {
            // Only the runtime knows of it, and that sends system messages.
        }

        public override void SendSystemMessage(SystemMessage message)
        {
            if (message is DeathWatchNotification death)
                owner.TellPeer(number, death.ExistenceConfirmed);
        }
    }
}
