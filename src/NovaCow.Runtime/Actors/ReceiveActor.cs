namespace NovaCow.Runtime.Actors;

/// <summary>
/// An actor whose behaviour is a list of handlers by type, declared in its constructor or in the
/// method given to <c>Become</c>. The first handler that fits a message gets it.
/// </summary>
public abstract class ReceiveActor : ActorBase
{
    private HandlerList _handlers = new();
    private bool _configuring = true;

    /// <summary>Handles messages of type T that satisfy the predicate.</summary>
    protected void Receive<T>(Action<T> handler, Predicate<T>? shouldHandle = null)
    {
        ArgumentNullException.ThrowIfNull(handler);
        Add(new ActionHandler<T>(handler, shouldHandle));
    }

    /// <summary>As above; a handler that returns false leaves the message to the next.</summary>
    protected void Receive<T>(Func<T, bool> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        Add(new FuncHandler<T>(handler));
    }

    protected void Receive<T>(Predicate<T> shouldHandle, Action<T> handler) =>
        Receive(handler, shouldHandle);

    /// <summary>Handles every message that no earlier handler took. It comes last.</summary>
    protected void ReceiveAny(Action<object> handler) => Receive(handler);

    /// <summary>Handles messages of type T asynchronously, one message at a time: the mailbox waits
    /// until the task has ended. See <see cref="ActorBase.RunTask"/> for what holds after an await.
    /// </summary>
    protected void ReceiveAsync<T>(Func<T, Task> handler, Predicate<T>? shouldHandle = null)
    {
        ArgumentNullException.ThrowIfNull(handler);
        Receive(message => RunTask(() => handler(message)), shouldHandle);
    }

    protected void ReceiveAsync<T>(Predicate<T> shouldHandle, Func<T, Task> handler) =>
        ReceiveAsync(handler, shouldHandle);

    protected void ReceiveAnyAsync(Func<object, Task> handler) => ReceiveAsync(handler);

    /// <summary>Replaces the behaviour by the handlers that <paramref name="configure"/> declares.
    /// </summary>
    protected void Become(Action configure) => Context.Become(Configure(configure));

    protected void BecomeStacked(Action configure) => Context.BecomeStacked(Configure(configure));

    protected sealed override bool Receive(object message)
    {
        _configuring = false;
        return _handlers.Handle(message);
    }

    private Receive Configure(Action configure)
    {
        var (handlers, configuring) = (_handlers, _configuring);
        (_handlers, _configuring) = (new HandlerList(), true);
        try
        {
            configure();
            return _handlers.Handle;
        }
        finally
        {
            (_handlers, _configuring) = (handlers, configuring);
        }
    }

    private void Add(Handler handler)
    {
        if (!_configuring)
        {
            throw new InvalidOperationException(
                $"{GetType().Name}: handlers are declared in the constructor or in the method "
                + "given to Become, not while a message is handled");
        }

        _handlers.Add(handler);
    }

    internal sealed class HandlerList
    {
        private Handler[] _handlers = [];

        public void Add(Handler handler)
        {
            if (_handlers is [.., { TakesAnything: true }])
            {
                throw new InvalidOperationException(
                    "a handler after one that takes every message would never run: declare "
                    + "ReceiveAny last");
            }

            _handlers = [.. _handlers, handler];
        }

        public bool Handle(object message)
        {
            foreach (var handler in _handlers)
            {
                if (handler.TryHandle(message))
                    return true;
            }

            return false;
        }
    }

    internal abstract class Handler
    {
        public virtual bool TakesAnything => false;

        public abstract bool TryHandle(object message);
    }

    internal sealed class ActionHandler<T>(Action<T> handler, Predicate<T>? shouldHandle) : Handler
    {
        public override bool TakesAnything => typeof(T) == typeof(object) && shouldHandle is null;

        public override bool TryHandle(object message)
        {
            if (message is not T typed || (shouldHandle is not null && !shouldHandle(typed)))
                return false;
            handler(typed);
            return true;
        }
    }

    internal sealed class FuncHandler<T>(Func<T, bool> handler) : Handler
    {
        public override bool TryHandle(object message) => message is T typed && handler(typed);
    }
}
