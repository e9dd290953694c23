namespace NovaCow.Runtime.Actors;

/// <summary>
/// What the runtime needs of a reference beyond telling: system messages, which overtake the
/// user's. Links make remote references by deriving from it.
/// </summary>
public abstract class InternalActorRef : IActorRef
{
    public abstract ActorPath Path { get; }

    /// <summary>Whether the actor lives in this process.</summary>
    public virtual bool IsLocal => true;

    /// <summary>The actor is known to have stopped; false also means "cannot tell".</summary>
    public virtual bool IsTerminated => false;

    public abstract void Tell(object message, IActorRef? sender);

    /// <summary>Delivers a runtime message before any queued user message. The default ignores it.
    /// </summary>
    public virtual void SendSystemMessage(SystemMessage message)
    {
        // A reference without a life of its own has nothing to do for the runtime.
    }

    /// <summary>Stops the actor after the message it is processing.</summary>
    public void Stop() => SendSystemMessage(new Terminate());

    /// <summary>The child of that name, or nobody.</summary>
    public virtual InternalActorRef? GetChild(string name) => null;

    public bool Equals(IActorRef? other) =>
        ReferenceEquals(this, other)
        || (other is not null && Path.Uid == other.Path.Uid && Path.Equals(other.Path));

    public sealed override bool Equals(object? obj) => Equals(obj as IActorRef);

    public sealed override int GetHashCode() => HashCode.Combine(Path.GetHashCode(), Path.Uid);

    public int CompareTo(IActorRef? other)
    {
        var byPath = Path.CompareTo(other?.Path);
        return byPath != 0 || other is null ? byPath : Path.Uid.CompareTo(other.Path.Uid);
    }

    public override string ToString() =>
        Path.Uid == ActorPath.UndefinedUid ? $"[{Path}]" : $"[{Path}#{Path.Uid}]";
}

/// <summary>The handle of an actor in this process: a path, and the cell behind it.</summary>
internal sealed class LocalActorRef(ActorPath path) : InternalActorRef, ISystemBound
{
    // Set right after construction: the cell and its reference need each other.
    internal ActorCell Cell = null!;

    public ActorSystem System => Cell.System;

    public override ActorPath Path => path;

    public override bool IsTerminated => Cell.IsTerminated;

    public override void Tell(object message, IActorRef? sender) => Cell.Enqueue(message, sender);

    public override void SendSystemMessage(SystemMessage message) => Cell.EnqueueSystem(message);

    public override InternalActorRef? GetChild(string name) => Cell.FindChild(name);
}
