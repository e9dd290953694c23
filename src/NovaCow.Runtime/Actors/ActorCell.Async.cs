namespace NovaCow.Runtime.Actors;

/// <summary>
/// Asynchronous handlers. While one runs, user messages wait and its continuations come back as
/// system messages, so they run on the actor's turn with its context, sender and self. A stop or a
/// restart waits until the handler has ended, so its finally blocks always run.
/// </summary>
internal sealed partial class ActorCell
{
    private CellSynchronizationContext? _synchronization;
    private List<SystemMessage>? _deferred;

    /// <summary>Runs the handler as the present message's. What is left to await ends the turn.
    /// </summary>
    public void RunTask(Func<Task> handler)
    {
        if (IsAwaiting)
        {
            throw new InvalidOperationException(
                $"{_self.Path} already runs an asynchronous handler: await inside of it instead");
        }

        var outer = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(
            _synchronization ??= new CellSynchronizationContext(this));
        Task task;
        try
        {
            task = handler();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(outer);
        }

        if (task.IsCompleted)
        {
            task.GetAwaiter().GetResult();
            return;
        }

        IsAwaiting = true;
        task.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(
            () => EnqueueSystem(new HandlerCompleted(task)));
    }

    private void CompleteHandler(Task task)
    {
        IsAwaiting = false;
        if (_synchronization!.TimedSince is var begun and not 0)
        {
            _synchronization.TimedSince = 0;
            RecordDuration(begun);
        }

        var envelope = _currentMessage;
        var failure = task.IsCanceled
            ? new TaskCanceledException(task)
            : task.Exception?.InnerException;
        if (failure is null)
            _currentMessage = null;
        else
            HandleFailure(failure, null);
        if (envelope is not null)
            _receiveTimeout?.EndMessage(envelope.Message);
    }

    private void RunAsHandler(RunContinuation continuation)
    {
        SynchronizationContext.SetSynchronizationContext(_synchronization);
        try
        {
            continuation.Run();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(null);
        }
    }

    /// <summary>Sends what follows an await back to the actor's turn.</summary>
    private sealed class CellSynchronizationContext(ActorCell cell) : SynchronizationContext
    {
        /// <summary>When the present handler began, if it is one that is timed.</summary>
        public long TimedSince { get; set; }

        public override void Post(SendOrPostCallback d, object? state) =>
            cell.EnqueueSystem(new RunContinuation(d, state));

        public override void Send(SendOrPostCallback d, object? state) =>
            throw new NotSupportedException(
                $"{cell._self.Path}: nothing may wait for an actor's turn synchronously");

        public override SynchronizationContext CreateCopy() => this;
    }
}
