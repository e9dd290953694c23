namespace NovaCow.Runtime.Actors;

/// <summary>
/// An actor: private state that one message at a time may touch. It lives under its parent, which
/// decides what happens when it throws. Everything here is called on the actor's own turn.
/// </summary>
public abstract class ActorBase
{
    protected ActorBase()
    {
        Cell = ActorCell.Current ?? throw new ActorInitializationException(
            null,
            $"{GetType().Name} was made with new: make it with ActorOf(Props.Create(...)), which "
            + "gives it a place in the system");
        Cell.Adopt(this);
    }

    /// <summary>The context of the actor whose turn it is on this thread.</summary>
    /// <exception cref="NotSupportedException">Called from outside of a turn: from another
    /// thread, a continuation that left the actor, or a closure that outlived its message.
    /// </exception>
    protected static IActorContext Context =>
        ActorCell.Current ?? throw new NotSupportedException(
            "there is no actor context here: it exists during a message only. Copy what you need "
            + "into a variable first, or pipe the task to Self");

    protected IActorRef Self => Cell.Self;

    protected IActorRef Sender => Context.Sender;

    internal ActorCell Cell { get; }

    internal Receive InitialBehavior => Receive;

    internal SupervisorStrategy StrategyOfActor => field ??= SupervisorStrategy();

    /// <summary>Handles one message; false passes it to <see cref="Unhandled"/>.</summary>
    protected abstract bool Receive(object message);

    /// <summary>Runs once before the first message, and again after a restart unless
    /// <see cref="PostRestart"/> is overridden.</summary>
    protected virtual void PreStart()
    {
    }

    /// <summary>Runs when the actor has stopped, and its children before it.</summary>
    protected virtual void PostStop()
    {
    }

    /// <summary>Runs on the failed instance before a fresh one replaces it. The default stops all
    /// children and calls <see cref="PostStop"/>.</summary>
    protected virtual void PreRestart(Exception reason, object? message)
    {
        foreach (var child in Context.GetChildren())
        {
            Context.Unwatch(child);
            Context.Stop(child);
        }

        PostStop();
    }

    /// <summary>Runs on the fresh instance. The default calls <see cref="PreStart"/>.</summary>
    protected virtual void PostRestart(Exception reason) => PreStart();

    /// <summary>A message without a handler. The default publishes
    /// <see cref="UnhandledMessage"/>, and fails on a <see cref="Terminated"/>.</summary>
    protected virtual void Unhandled(object message)
    {
        if (message is Terminated terminated)
            throw new DeathPactException(terminated.ActorRef);
        Context.System.EventStream.Publish(new UnhandledMessage(message, Sender, Self));
    }

    /// <summary>How this actor judges its children. Asked once for each instance.</summary>
    protected virtual SupervisorStrategy SupervisorStrategy() =>
        Actors.SupervisorStrategy.DefaultStrategy;

    /// <summary>Handles the next messages by <paramref name="receive"/>.</summary>
    protected void Become(Receive receive) => Context.Become(receive);

    protected void BecomeStacked(Receive receive) => Context.BecomeStacked(receive);

    protected void UnbecomeStacked() => Context.UnbecomeStacked();

    /// <summary>Runs an asynchronous handler for the present message. No other message is handled
    /// until it has ended; after each await the code is back on the actor's turn, where
    /// <see cref="Context"/>, <see cref="Sender"/> and <see cref="Self"/> are as before (unless
    /// it awaits with <c>ConfigureAwait(false)</c>). Its exceptions are supervised.</summary>
    protected void RunTask(Func<Task> handler) => Cell.RunTask(handler);

    /// <summary>Around every user message: the seam for persistence.</summary>
    protected internal virtual bool AroundReceive(Receive receive, object message) =>
        receive(message);

    protected internal virtual void AroundPreStart() => PreStart();

    protected internal virtual void AroundPreRestart(Exception cause, object? message) =>
        PreRestart(cause, message);

    protected internal virtual void AroundPostRestart(Exception cause) => PostRestart(cause);

    protected internal virtual void AroundPostStop() => PostStop();

    internal void OnUnhandled(object message) => Unhandled(message);
}

/// <summary>An actor that sorts its messages out itself.</summary>
public abstract class UntypedActor : ActorBase
{
    protected sealed override bool Receive(object message)
    {
        OnReceive(message);
        return true;
    }

    protected abstract void OnReceive(object message);

    protected void Become(UntypedReceive receive) => Context.Become(Wrap(receive));

    protected void BecomeStacked(UntypedReceive receive) => Context.BecomeStacked(Wrap(receive));

    private static Receive Wrap(UntypedReceive receive) => message =>
    {
        receive(message);
        return true;
    };
}

/// <summary>Handles one message, whatever it is.</summary>
public delegate void UntypedReceive(object message);
