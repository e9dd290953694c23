namespace NovaCow.Runtime.Actors;

/// <summary>Turns the outcome of a task into a message.</summary>
public static class PipeToSupport
{
    /// <summary>
    /// Tells the task's result to the recipient when it is there, or a <see cref="Status.Failure"/>
    /// when it failed; <paramref name="success"/> and <paramref name="failure"/> make other
    /// messages
    /// of them, away from any actor's turn.
    /// </summary>
    public static Task PipeTo<T>(
        this Task<T> taskToPipe,
        ICanTell recipient,
        IActorRef? sender = null,
        Func<T, object?>? success = null,
        Func<Exception, object>? failure = null)
    {
        sender ??= ActorCell.CurrentSelfOrNoSender();
        return Pipe(taskToPipe, recipient, sender, success, failure);

        static async Task Pipe(
            Task<T> task,
            ICanTell to,
            IActorRef? from,
            Func<T, object?>? success,
            Func<Exception, object>? failure)
        {
            object? message;
            try
            {
                var result = await task.ConfigureAwait(false);
                message = success is null ? result : success(result);
            }
            catch (Exception cause)
            {
                message = FailureMessage(cause, failure);
            }

            to.Tell(message ?? NullResult<T>(), from);
        }
    }

    /// <summary>As above for a task without a result: only a success function makes a message.
    /// </summary>
    public static Task PipeTo(
        this Task taskToPipe,
        ICanTell recipient,
        IActorRef? sender = null,
        Func<object?>? success = null,
        Func<Exception, object>? failure = null)
    {
        sender ??= ActorCell.CurrentSelfOrNoSender();
        return Pipe(taskToPipe, recipient, sender, success, failure);

        static async Task Pipe(
            Task task,
            ICanTell to,
            IActorRef? from,
            Func<object?>? success,
            Func<Exception, object>? failure)
        {
            object? message;
            try
            {
                await task.ConfigureAwait(false);
                message = success?.Invoke();
            }
            catch (Exception cause)
            {
                message = FailureMessage(cause, failure);
            }

            if (message is not null)
                to.Tell(message, from);
        }
    }

    private static object FailureMessage(Exception cause, Func<Exception, object>? failure)
    {
        try
        {
            return failure?.Invoke(cause) ?? new Status.Failure(cause);
        }
        catch (Exception mapping)
        {
            return new Status.Failure(new AggregateException(cause, mapping));
        }
    }

    private static Status.Failure NullResult<T>() =>
        new(new InvalidOperationException(
            $"a piped task of {typeof(T).Name} ended with null, which is no message"));
}
