using System.Collections.Concurrent;
using NovaCow.Runtime.Telemetry;

namespace NovaCow.Runtime.Actors;

/// <summary>Where messages without a receiver end: on the event stream.</summary>
internal sealed class DeadLetterRef(ActorPath path, ActorSystem system)
    : InternalActorRef, ISystemBound
{
    public ActorSystem System => system;

    // Letters to a place where nobody is known to have been.
    private static readonly ActorTypeStats Unknown = ActorTypeStats.Of(typeof(DeadLetter));

    public override ActorPath Path => path;

    public override void Tell(object message, IActorRef? sender)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (message is AllDeadLetters letter)
            Publish(letter);
        else
            Take(message, sender, this);
    }

    public override void SendSystemMessage(SystemMessage message)
    {
        if (message is Watch watch)
        {
            watch.Watcher.SendSystemMessage(
                new DeathWatchNotification(watch.Watchee, false, false));
        }
    }

    /// <summary>Records that the message did not reach its recipient, and answers what can be
    /// answered for a stopped actor.</summary>
    public void Take(object message, IActorRef? sender, IActorRef recipient)
    {
        if (message is Identify identify)
            sender?.Tell(new ActorIdentity(identify.MessageId, null), this);
        else if (message is IDeadLetterSuppression)
            Publish(new SuppressedDeadLetter(message, sender, recipient));
        else
            Publish(new DeadLetter(message, sender, recipient));
    }

    private void Publish(AllDeadLetters letter)
    {
        if (letter is DeadLetter)
        {
            var type = (letter.Recipient as LocalActorRef)?.Cell.Props.Stats ?? Unknown;
            type.CountDeadLetter();
        }

        if (system.EventStream.HasSubscribers(letter.GetType()))
            system.EventStream.Publish(letter);
    }
}

/// <summary>The path of an actor that is not there: telling it makes dead letters.</summary>
internal sealed class MissingActorRef(ActorPath path, ActorSystem system)
    : InternalActorRef, ISystemBound
{
    public ActorSystem System => system;

    public override ActorPath Path => path;

    public override bool IsTerminated => true;

    public override void Tell(object message, IActorRef? sender) =>
        system.DeadLetterOffice.Take(message, sender, this);

    public override void SendSystemMessage(SystemMessage message) =>
        system.DeadLetterOffice.SendSystemMessage(message);
}

/// <summary>Short-lived references under <c>/temp</c>, for those that must be found by name.
/// </summary>
internal sealed class TempRefs(ActorPath root)
{
    private readonly ConcurrentDictionary<string, InternalActorRef> _byName =
        new(StringComparer.Ordinal);

    private long _next;

    public int Count => _byName.Count;

    public ActorPath Register(InternalActorRef actor)
    {
        var name = "$" + Interlocked.Increment(ref _next).ToString("x");
        _byName[name] = actor;
        return root.CreateChild(name);
    }

    public void Remove(ActorPath path) => _byName.TryRemove(path.Name, out _);

    public InternalActorRef? Find(string name) => _byName.GetValueOrDefault(name);
}
