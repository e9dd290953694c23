namespace NovaCow.Runtime.Actors;

/// <summary>Marks messages that the cell handles itself before, or instead of, the actor.</summary>
public interface IAutoReceivedMessage;

/// <summary>Marks messages that are expected to find nobody, so that no dead letter is logged.
/// </summary>
public interface IDeadLetterSuppression;

/// <summary>Marks messages that do not restart the receive timeout.</summary>
public interface INotInfluenceReceiveTimeout;

/// <summary>Marks messages that an actor may not handle without meaning to.</summary>
public interface IPossiblyHarmful;

/// <summary>
/// A watched actor is gone. It is delivered once for each watch, after every message the actor
/// sent.
/// </summary>
/// <param name="ActorRef">The actor that stopped.</param>
/// <param name="ExistenceConfirmed">False when it may never have lived.</param>
/// <param name="AddressTerminated">True when its whole process is out of reach.</param>
public sealed record Terminated(
    IActorRef ActorRef, bool ExistenceConfirmed, bool AddressTerminated)
    : IAutoReceivedMessage, IPossiblyHarmful, IDeadLetterSuppression;

/// <summary>Stops the receiver when its turn comes, behind the messages queued before it.</summary>
public sealed class PoisonPill : IAutoReceivedMessage, IPossiblyHarmful, IDeadLetterSuppression
{
    private PoisonPill()
    {
    }

    public static PoisonPill Instance { get; } = new();
}

/// <summary>Makes the receiver fail with <see cref="ActorKilledException"/>.</summary>
public sealed class Kill : IAutoReceivedMessage, IPossiblyHarmful
{
    private Kill()
    {
    }

    public static Kill Instance { get; } = new();
}

/// <summary>Asks any actor for its reference; it answers <see cref="ActorIdentity"/>.</summary>
public sealed record Identify(object? MessageId)
    : IAutoReceivedMessage, INotInfluenceReceiveTimeout;

/// <summary>The answer to <see cref="Identify"/>; no subject means no such actor.</summary>
public sealed record ActorIdentity(object? MessageId, IActorRef? Subject);

/// <summary>No message came for as long as <c>SetReceiveTimeout</c> said.</summary>
public sealed class ReceiveTimeout : IPossiblyHarmful
{
    private ReceiveTimeout()
    {
    }

    public static ReceiveTimeout Instance { get; } = new();
}

/// <summary>The outcome of a request, as a message.</summary>
public abstract record Status
{
    private Status()
    {
    }

    public sealed record Success(object? Status) : Status;

    /// <summary>Fails the ask that receives it with <paramref name="Cause"/>.</summary>
    public sealed record Failure(Exception Cause, object? State = null) : Status;
}

/// <summary>An exception as a message; an ask that receives it fails with it.</summary>
public sealed record Failure(Exception Exception, DateTimeOffset? Timestamp = null);

/// <summary>A message that had no receiver. Published on the event stream.</summary>
public abstract record AllDeadLetters(object Message, IActorRef? Sender, IActorRef Recipient);

/// <summary>A message whose receiver had stopped or never was.</summary>
public sealed record DeadLetter(object Message, IActorRef? Sender, IActorRef Recipient)
    : AllDeadLetters(Message, Sender, Recipient);

/// <summary>As <see cref="DeadLetter"/>, for messages that expected as much.</summary>
public sealed record SuppressedDeadLetter(object Message, IActorRef? Sender, IActorRef Recipient)
    : AllDeadLetters(Message, Sender, Recipient);

/// <summary>A message that was thrown away, and why.</summary>
public sealed record Dropped(object Message, string Reason, IActorRef? Sender, IActorRef Recipient)
    : AllDeadLetters(Message, Sender, Recipient);

/// <summary>A message that its receiver had no handler for. Published on the event stream.
/// </summary>
public sealed record UnhandledMessage(object Message, IActorRef Sender, IActorRef Recipient);
