namespace NovaCow.Runtime.Actors;

/// <summary>Handles one message; false says that there was no handler for it.</summary>
public delegate bool Receive(object message);

/// <summary>Something that has actors below it.</summary>
public interface IActorRefFactory
{
    /// <summary>Makes a child. It returns at once; the actor is built on its own turn, and what is
    /// told meanwhile waits in its mailbox.</summary>
    /// <exception cref="ActorNameNotUniqueException">A sibling has the name.</exception>
    /// <exception cref="InvalidActorNameException">The name is malformed.</exception>
    IActorRef ActorOf(Props props, string? name = null);

    /// <summary>Stops the actor after the message it is processing.</summary>
    void Stop(IActorRef child);
}

/// <summary>
/// What an actor may do with its cell. It is for the actor's own turn only: no other thread may
/// call it, and it is not to be kept in closures that outlive the message.
/// </summary>
public interface IActorContext : IActorRefFactory
{
    IActorRef Self { get; }

    /// <summary>Who sent the message being processed; the dead letters when nobody said.</summary>
    IActorRef Sender { get; }

    IActorRef Parent { get; }

    Props Props { get; }

    ActorSystem System { get; }

    TimeSpan? ReceiveTimeout { get; }

    IEnumerable<IActorRef> GetChildren();

    /// <summary>The child of that name, or <see cref="ActorRefs.Nobody"/>.</summary>
    IActorRef Child(string name);

    /// <summary>Handles the next messages by <paramref name="receive"/>, in place of the present
    /// behaviour.</summary>
    void Become(Receive receive);

    /// <summary>As <see cref="Become"/>, and keeps the present behaviour to come back to.</summary>
    void BecomeStacked(Receive receive);

    void UnbecomeStacked();

    /// <summary>Asks for <see cref="Terminated"/> when <paramref name="subject"/> stops.</summary>
    IActorRef Watch(IActorRef subject);

    /// <summary>As <see cref="Watch"/>, with a message of one's own.</summary>
    IActorRef WatchWith(IActorRef subject, object message);

    /// <summary>Takes it back: a <see cref="Terminated"/> that is queued is not delivered.
    /// </summary>
    IActorRef Unwatch(IActorRef subject);

    /// <summary>Sends <see cref="Actors.ReceiveTimeout"/> whenever no message came for so long;
    /// null turns it off.</summary>
    void SetReceiveTimeout(TimeSpan? timeout);
}
