namespace NovaCow.Runtime.Actors;

/// <summary>Requests with an answer.</summary>
public static class Futures
{
    public static Task<object> Ask(
        this ICanTell receiver,
        object message,
        TimeSpan? timeout = null,
        CancellationToken cancellationToken = default) =>
        receiver.Ask<object>(message, timeout, cancellationToken);

    public static Task<T> Ask<T>(
        this ICanTell receiver, object message, CancellationToken cancellationToken) =>
        receiver.Ask<T>(message, null, cancellationToken);

    /// <summary>
    /// Tells the message with a sender that completes the task by its first answer. A
    /// <see cref="Status.Failure"/> or <see cref="Failure"/> fails it, an answer of another type
    /// fails it with <see cref="ArgumentException"/>, and no answer within the timeout (by default
    /// <see cref="ActorSystemOptions.AskTimeout"/>) with <see cref="AskTimeoutException"/>.
    /// </summary>
    public static Task<T> Ask<T>(
        this ICanTell receiver,
        object message,
        TimeSpan? timeout = null,
        CancellationToken cancellationToken = default)
    {
        var future = FutureActorRef<T>.For(receiver);
        receiver.Tell(message, future);
        return future.Expect(receiver, message, timeout, cancellationToken);
    }

    /// <summary>As above, with a message that carries the reference to answer to.</summary>
    public static Task<T> Ask<T>(
        this ICanTell receiver,
        Func<IActorRef, object> messageFactory,
        TimeSpan? timeout = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messageFactory);
        var future = FutureActorRef<T>.For(receiver);
        var message = messageFactory(future);
        receiver.Tell(message, future);
        return future.Expect(receiver, message, timeout, cancellationToken);
    }

    /// <summary>Tells <paramref name="stopMessage"/> (a poison pill by default) and completes with
    /// true when the actor has stopped, or fails when it has not in time.</summary>
    public static async Task<bool> GracefulStop(
        this IActorRef target, TimeSpan timeout, object? stopMessage = null)
    {
        var watchee = (InternalActorRef)target;
        var future = FutureActorRef<Terminated>.For(target);
        watchee.SendSystemMessage(new Watch(watchee, future));
        target.Tell(stopMessage ?? PoisonPill.Instance, ActorRefs.NoSender);
        try
        {
            await future.Expect(target, "a stop", timeout, CancellationToken.None);
            return true;
        }
        catch (AskTimeoutException late)
        {
            watchee.SendSystemMessage(new Unwatch(watchee, future));
            throw new TaskCanceledException(
                $"{target.Path} has not stopped within {timeout}", late);
        }
    }
}

/// <summary>
/// The sender of one ask, and the task of its answer. It has no name, and nothing knows it, until
/// somebody asks for its path, as a link does; then it is found under <c>/temp</c> until answered.
/// </summary>
internal sealed class FutureActorRef<T> : InternalActorRef
{
    private readonly TaskCompletionSource<T> _answer =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly ActorSystem? _system;
    private ActorPath? _path;
    private ITimer? _timer;
    private CancellationTokenRegistration _cancellation;

    private FutureActorRef(ActorSystem? system) => _system = system;

    public override ActorPath Path => _path ?? Register();

    public override bool IsTerminated => _answer.Task.IsCompleted;

    public static FutureActorRef<T> For(ICanTell receiver) =>
        new((receiver as ISystemBound)?.System ?? ActorCell.Current?.System);

    public override void Tell(object message, IActorRef? sender)
    {
        var first = message switch
        {
            T answer => _answer.TrySetResult(answer),
            Status.Failure failure => _answer.TrySetException(failure.Cause),
            Failure failure => _answer.TrySetException(failure.Exception),
            _ => _answer.TrySetException(new ArgumentException(
                $"the answer is a {message.GetType()}, where a {typeof(T)} was asked for")),
        };
        if (first)
            Finish();
    }

    public override void SendSystemMessage(SystemMessage message)
    {
        switch (message)
        {
            case Watch watch:
                watch.Watcher.SendSystemMessage(new DeathWatchNotification(this, true, false));
                break;
            case DeathWatchNotification death:
                Tell(
                    new Terminated(death.Actor, death.ExistenceConfirmed, death.AddressTerminated),
                    death.Actor);
                break;
        }
    }

    /// <summary>Starts the clock. Done after telling, as most answers are quick.</summary>
    public Task<T> Expect(
        ICanTell receiver, object message, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        if (_answer.Task.IsCompleted)
            return _answer.Task;
        timeout ??= _system?.Options.AskTimeout;
        if (timeout is { } span && span != Timeout.InfiniteTimeSpan)
        {
            var pending = new Pending(this, receiver, message, span);
            var timer = (_system?.TimeProvider ?? TimeProvider.System).CreateTimer(
                static state => ((Pending)state!).TimeOut(),
                pending,
                span,
                Timeout.InfiniteTimeSpan);
            Volatile.Write(ref _timer, timer);
        }

        if (cancellationToken.CanBeCanceled)
        {
            _cancellation = cancellationToken.UnsafeRegister(
                static (state, token) => ((FutureActorRef<T>)state!).Cancel(token), this);
        }

        if (_answer.Task.IsCompleted)
            Finish();
        return _answer.Task;
    }

    private void Cancel(CancellationToken token)
    {
        if (_answer.TrySetCanceled(token))
            Finish();
    }

    private void Finish()
    {
        Volatile.Read(ref _timer)?.Dispose();
        _cancellation.Unregister();
        if (Volatile.Read(ref _path) is { } path)
            _system!.Temp.Remove(path);
    }

    private ActorPath Register()
    {
        if (_system is null)
        {
            throw new InvalidOperationException(
                "this ask has no actor system, so its sender has no path: ask a reference");
        }

        lock (_answer)
        {
            if (_path is null)
                Volatile.Write(ref _path, _system.Temp.Register(this));
        }

        if (IsTerminated)
            _system.Temp.Remove(_path);
        return _path;
    }

    private sealed record Pending(
        FutureActorRef<T> Owner, ICanTell Receiver, object Message, TimeSpan Timeout)
    {
        public void TimeOut()
        {
            var receiver = (Receiver as IActorRef)?.Path.ToString() ?? Receiver.ToString();
            var failure = new AskTimeoutException(
                $"{receiver} did not answer {Message.GetType().Name} within {Timeout}");
            if (Owner._answer.TrySetException(failure))
                Owner.Finish();
        }
    }
}

/// <summary>Something that belongs to an actor system.</summary>
internal interface ISystemBound
{
    ActorSystem System { get; }
}
