namespace NovaCow.Runtime.Actors;

/// <summary>The base of what the runtime itself throws.</summary>
public class ActorException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>An actor could not be made or started; by default its parent stops it.</summary>
public class ActorInitializationException(
    IActorRef? actor, string message, Exception? cause = null)
    : ActorException(actor is null ? message : $"{actor.Path}: {message}", cause)
{
    public IActorRef? Actor => actor;
}

/// <summary><c>PreRestart</c> threw; the restart goes on regardless.</summary>
public sealed class PreRestartException(
    IActorRef actor, Exception restartException, Exception cause, object? message)
    : ActorInitializationException(
        actor, $"PreRestart failed while restarting after: {cause.Message}", restartException)
{
    public Exception OriginalCause => cause;

    public object? OptionalMessage => message;
}

/// <summary>The fresh instance could not be made, or <c>PostRestart</c> threw.</summary>
public sealed class PostRestartException(
    IActorRef actor, Exception restartException, Exception cause)
    : ActorInitializationException(
        actor, $"the restart failed, which was caused by: {cause.Message}", restartException)
{
    public Exception OriginalCause => cause;
}

/// <summary>The actor received <see cref="Kill"/>.</summary>
public sealed class ActorKilledException(string message) : ActorException(message);

/// <summary>A watched actor stopped and the watcher has no handler for that.</summary>
public sealed class DeathPactException(IActorRef deadActor)
    : ActorException(
        $"{deadActor.Path} stopped, and its watcher does not handle Terminated: handle it, or do "
        + "not watch")
{
    public IActorRef DeadActor => deadActor;
}

/// <summary>The name is malformed or reserved.</summary>
public sealed class InvalidActorNameException(string message) : ActorException(message);

/// <summary>A sibling of that name lives, or is still stopping.</summary>
public sealed class ActorNameNotUniqueException(ActorPath parent, string name)
    : ActorException(
        $"{parent} already has a child named '{name}': wait for its Terminated, or pick another "
        + "name");

/// <summary>A message was null.</summary>
public sealed class InvalidMessageException()
    : ActorException("a message is null: tell an object that says what is meant");

/// <summary>No answer came in time.</summary>
public sealed class AskTimeoutException(string message) : TimeoutException(message);

/// <summary>A bounded stash is full.</summary>
public sealed class StashOverflowException(IActorRef actor, int capacity)
    : ActorException(
        $"{actor.Path}: the stash holds its limit of {capacity} messages: unstash sooner, or "
        + "raise ActorSystemOptions.StashCapacity");

/// <summary>A message was stashed twice, which would deliver it twice.</summary>
public sealed class IllegalActorStateException(string message) : ActorException(message);
