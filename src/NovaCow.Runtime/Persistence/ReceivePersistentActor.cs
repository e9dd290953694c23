using NovaCow.Runtime.Actors;

namespace NovaCow.Runtime.Persistence;

/// <summary>
/// A persistent actor whose behaviour is two lists of handlers by type, declared in its
/// constructor: <c>Command</c> for what it is told, <c>Recover</c> for what it is told again about
/// its past. Become replaces the commands only.
/// </summary>
public abstract class ReceivePersistentActor : Eventsourced
{
    private readonly ReceiveActor.HandlerList _recovers = new();
    private ReceiveActor.HandlerList _commands = new();
    private bool _configuring = true;

    /// <summary>Handles replayed events of type T, or the <see cref="SnapshotOffer"/>, or
    /// <see cref="RecoveryCompleted"/>.</summary>
    protected void Recover<T>(Action<T> handler, Predicate<T>? shouldHandle = null) =>
        Add(_recovers, new ReceiveActor.ActionHandler<T>(handler, shouldHandle));

    protected void Recover<T>(Predicate<T> shouldHandle, Action<T> handler) =>
        Recover(handler, shouldHandle);

    /// <summary>As above; a handler that returns false leaves the message to the next.</summary>
    protected void Recover<T>(Func<T, bool> handler) =>
        Add(_recovers, new ReceiveActor.FuncHandler<T>(handler));

    protected void RecoverAny(Action<object> handler) => Recover(handler);

    /// <summary>Handles commands of type T that satisfy the predicate.</summary>
    protected void Command<T>(Action<T> handler, Predicate<T>? shouldHandle = null) =>
        Add(_commands, new ReceiveActor.ActionHandler<T>(handler, shouldHandle));

    protected void Command<T>(Predicate<T> shouldHandle, Action<T> handler) =>
        Command(handler, shouldHandle);

    /// <summary>As above; a handler that returns false leaves the command to the next.</summary>
    protected void Command<T>(Func<T, bool> handler) =>
        Add(_commands, new ReceiveActor.FuncHandler<T>(handler));

    /// <summary>Handles every command that no earlier handler took. It comes last.</summary>
    protected void CommandAny(Action<object> handler) => Command(handler);

    /// <summary>Handles commands asynchronously, one at a time. What it persists is written while
    /// it runs; the handlers of that run when it has ended.</summary>
    protected void CommandAsync<T>(Func<T, Task> handler, Predicate<T>? shouldHandle = null) =>
        Command(message => RunTask(() => handler(message)), shouldHandle);

    protected void CommandAsync<T>(Predicate<T> shouldHandle, Func<T, Task> handler) =>
        CommandAsync(handler, shouldHandle);

    protected void CommandAnyAsync(Func<object, Task> handler) => CommandAsync(handler);

    /// <summary>Replaces the commands by those that <paramref name="configure"/> declares.
    /// </summary>
    protected void Become(Action configure) => Context.Become(Configure(configure));

    protected void BecomeStacked(Action configure) => Context.BecomeStacked(Configure(configure));

    protected sealed override bool Receive(object message)
    {
        _configuring = false;
        return _commands.Handle(message);
    }

    protected sealed override bool ReceiveRecover(object message)
    {
        _configuring = false;
        return _recovers.Handle(message);
    }

    private Receive Configure(Action configure)
    {
        var (commands, configuring) = (_commands, _configuring);
        (_commands, _configuring) = (new ReceiveActor.HandlerList(), true);
        try
        {
            configure();
            return _commands.Handle;
        }
        finally
        {
            (_commands, _configuring) = (commands, configuring);
        }
    }

    private void Add(ReceiveActor.HandlerList handlers, ReceiveActor.Handler handler)
    {
        if (!_configuring)
        {
            throw new InvalidOperationException(
                $"{GetType().Name}: handlers are declared in the constructor or in the method "
                + "given to Become, not while a message is handled");
        }

        handlers.Add(handler);
    }
}
