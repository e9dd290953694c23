namespace NovaCow.Runtime.Actors;

/// <summary>Something that takes messages and promises nothing more.</summary>
public interface ICanTell
{
    /// <summary>Delivers at most once, in the order of the sender, without waiting.</summary>
    void Tell(object message, IActorRef? sender);
}

/// <summary>
/// The handle of one incarnation of an actor, the same before and after a restart. Two references
/// are equal when path and uid are.
/// </summary>
public interface IActorRef : ICanTell, IEquatable<IActorRef>, IComparable<IActorRef>
{
    ActorPath Path { get; }
}

/// <summary>The references that stand for no actor.</summary>
public static class ActorRefs
{
    /// <summary>Swallows what it is told.</summary>
    public static IActorRef Nobody { get; } = new NobodyRef();

    /// <summary>The absent sender: the receiver sees the dead letters as its sender.</summary>
    public static IActorRef? NoSender => null;

    public static bool IsNobody(this IActorRef? actor) => actor is null or NobodyRef;

    private sealed class NobodyRef : InternalActorRef
    {
        public override ActorPath Path { get; } =
            ActorPath.CreateRoot(new Address("akka", "all-systems")) / "Nobody";

        public override void Tell(object message, IActorRef? sender)
        {
            // There is nobody to tell.
        }
    }
}

/// <summary>Telling with the sender that the caller's place implies.</summary>
public static class ActorRefExtensions
{
    /// <summary>Tells as the actor that runs on this thread, or as the test kit's actor, or as
    /// nobody.</summary>
    public static void Tell(this ICanTell receiver, object message) =>
        receiver.Tell(message, ActorCell.CurrentSelfOrNoSender());

    /// <summary>Passes on the message being processed with its original sender.</summary>
    public static void Forward(this ICanTell receiver, object message)
    {
        var cell = ActorCell.Current ?? throw new InvalidOperationException(
            "Forward needs an actor that is processing a message; use Tell outside of actors.");
        receiver.Tell(message, cell.Sender);
    }
}
