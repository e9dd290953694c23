namespace NovaCow.Runtime.Actors;

/// <summary>
/// The root of the tree: it has the user's guardian and the system's below it, stops the second
/// after the first, then itself. A guardian that fails is stopped, which ends the system.
/// </summary>
internal sealed class RootGuardian : UntypedActor
{
    private readonly IActorRef _user = Context.Watch(Context.Child("user"));
    private readonly IActorRef _system = Context.Watch(Context.Child("system"));

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case StopSystem:
                Context.Stop(_user);
                break;
            case Terminated { ActorRef: var stopped } when stopped.Equals(_user):
                Context.Stop(_system);
                break;
            case Terminated:
                Context.Stop(Self);
                break;
        }
    }

    public sealed record StopSystem : IDeadLetterSuppression
    {
        public static readonly StopSystem Instance = new();
    }
}

/// <summary>The parent of top-level actors. What it is told is nobody's.</summary>
internal sealed class Guardian : UntypedActor
{
    protected override void OnReceive(object message)
    {
        if (message is StopChild stop)
            Context.Stop(stop.Child);
        else
            Context.System.DeadLetterOffice.Take(message, Sender, Self);
    }

    public sealed record StopChild(IActorRef Child) : IDeadLetterSuppression;
}

/// <summary>Above the root: hears that it stopped, which is the end of the system.</summary>
internal sealed class RootSupervisor(ActorPath path, ActorSystem system) : InternalActorRef
{
    public override ActorPath Path => path;

    public override void Tell(object message, IActorRef? sender) =>
        system.DeadLetterOffice.Take(message, sender, this);

    public override void SendSystemMessage(SystemMessage message)
    {
        switch (message)
        {
            case Failed failed:
                failed.Child.Stop();
                break;
            case DeathWatchNotification:
                system.Finish();
                break;
        }
    }
}
