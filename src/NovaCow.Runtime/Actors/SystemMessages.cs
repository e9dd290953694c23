namespace NovaCow.Runtime.Actors;

/// <summary>
/// A message of the runtime to a cell. It is its own queue node, so an instance is sent once.
/// </summary>
public abstract class SystemMessage
{
    internal SystemMessage? Next;
}

/// <summary>The first message of a cell: make the actor and start it.</summary>
internal sealed class Create : SystemMessage;

/// <summary>Restart: put a fresh instance in the place of the failed one.</summary>
internal sealed class Recreate(Exception cause) : SystemMessage
{
    public Exception Cause => cause;
}

internal sealed class Suspend : SystemMessage;

/// <summary>Undoes one suspension; with a cause it also forgives the failure.</summary>
internal sealed class Resume(Exception? causedByFailure) : SystemMessage
{
    public Exception? CausedByFailure => causedByFailure;
}

/// <summary>Stop the actor and everything below it.</summary>
public sealed class Terminate : SystemMessage;

/// <summary>A child reports that it failed and waits, suspended, for its parent's verdict.
/// </summary>
internal sealed class Failed(InternalActorRef child, Exception cause, long uid) : SystemMessage
{
    public InternalActorRef Child => child;

    public Exception Cause => cause;

    public long Uid => uid;
}

/// <summary>The watcher wants to hear when the watchee stops.</summary>
public sealed class Watch(InternalActorRef watchee, InternalActorRef watcher) : SystemMessage
{
    public InternalActorRef Watchee => watchee;

    public InternalActorRef Watcher => watcher;
}

/// <summary>The watcher no longer cares.</summary>
public sealed class Unwatch(InternalActorRef watchee, InternalActorRef watcher) : SystemMessage
{
    public InternalActorRef Watchee => watchee;

    public InternalActorRef Watcher => watcher;
}

/// <summary>Tells watchers and the parent that an actor is gone.</summary>
public sealed class DeathWatchNotification(
    InternalActorRef actor, bool existenceConfirmed, bool addressTerminated) : SystemMessage
{
    public InternalActorRef Actor => actor;

    public bool ExistenceConfirmed => existenceConfirmed;

    public bool AddressTerminated => addressTerminated;
}

/// <summary>A continuation of an asynchronous handler, to be run as the actor.</summary>
internal sealed class RunContinuation(SendOrPostCallback callback, object? state) : SystemMessage
{
    public void Run() => callback(state);
}

/// <summary>
/// Work that an instance of an actor left for later: done as if it were a message, so never while
/// the actor awaits, has failed or is suspended; dropped when another instance has taken its place.
/// </summary>
internal sealed class Turn(ActorBase actor, Action work, Action? dropped = null) : SystemMessage
{
    public void Run(ActorBase? present)
    {
        if (ReferenceEquals(present, actor))
            work();
        else
            Drop();
    }

    public void Drop() => dropped?.Invoke();
}

/// <summary>The task that an asynchronous handler returned has ended.</summary>
internal sealed class HandlerCompleted(Task task) : SystemMessage
{
    public Task Task => task;
}
