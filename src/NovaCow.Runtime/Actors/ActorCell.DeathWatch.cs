namespace NovaCow.Runtime.Actors;

internal sealed partial class ActorCell
{
    // Whom this actor watches, and the message it asked for in place of Terminated.
    private Dictionary<IActorRef, object?>? _watching;
    private HashSet<InternalActorRef>? _watchedBy;

    // Deaths whose message waits in the mailbox: unwatching takes it back.
    private Dictionary<IActorRef, object?>? _announced;

    public IActorRef Watch(IActorRef subject) => Watch(subject, message: null);

    public IActorRef WatchWith(IActorRef subject, object message)
    {
        ArgumentNullException.ThrowIfNull(message);
        return Watch(subject, message);
    }

    public IActorRef Unwatch(IActorRef subject)
    {
        if (subject is InternalActorRef watchee && !subject.Equals(_self))
        {
            if (_watching?.Remove(subject) == true)
                watchee.SendSystemMessage(new Unwatch(watchee, _self));
            _announced?.Remove(subject);
        }

        return subject;
    }

    private IActorRef Watch(IActorRef subject, object? message)
    {
        if (subject is not InternalActorRef watchee || subject.Equals(_self))
            return subject;
        if (_watching is null || !_watching.TryGetValue(subject, out var before))
        {
            (_watching ??= []).Add(subject, message);
            watchee.SendSystemMessage(new Watch(watchee, _self));
        }
        else if (!Equals(before, message))
        {
            throw new InvalidOperationException(
                $"{_self.Path} already watches {subject.Path} with another message: Unwatch first");
        }

        return subject;
    }

    private void RunDeathWatchMessage(SystemMessage message)
    {
        switch (message)
        {
            case Watch watch when watch.Watchee.Equals(_self):
                (_watchedBy ??= []).Add(watch.Watcher);
                break;
            case Unwatch unwatch when unwatch.Watchee.Equals(_self):
                _watchedBy?.Remove(unwatch.Watcher);
                break;
            case DeathWatchNotification death:
                WatchedActorStopped(death);
                HandleChildTerminated(death.Actor);
                break;
        }
    }

    private void WatchedActorStopped(DeathWatchNotification death)
    {
        if (_watching?.Remove(death.Actor, out var custom) != true || _stopping)
            return;
        (_announced ??= [])[death.Actor] = custom;
        _self.Tell(
            new Terminated(death.Actor, death.ExistenceConfirmed, death.AddressTerminated),
            death.Actor);
    }

    private void ReceivedTerminated(Terminated terminated)
    {
        if (_announced?.Remove(terminated.ActorRef, out var custom) != true)
            return;
        if (custom is not null)
            _currentMessage = new Envelope(custom, terminated.ActorRef);
        ReceiveMessage(custom ?? terminated);
    }

    private void TellWatchersWeDied()
    {
        if (_watchedBy is not { } watchers)
            return;
        _watchedBy = null;
        foreach (var watcher in watchers)
        {
            // The parent hears of it in any case, after all others.
            if (!watcher.Equals(_parent))
                watcher.SendSystemMessage(new DeathWatchNotification(_self, true, false));
        }
    }

    private void UnwatchAll()
    {
        _announced = null;
        if (_watching is not { } watching)
            return;
        _watching = null;
        foreach (var subject in watching.Keys)
        {
            var watchee = (InternalActorRef)subject;
            watchee.SendSystemMessage(new Unwatch(watchee, _self));
        }
    }
}
