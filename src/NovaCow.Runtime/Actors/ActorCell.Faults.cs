namespace NovaCow.Runtime.Actors;

/// <summary>Failure, and the restart or resumption that the parent decides on.</summary>
internal sealed partial class ActorCell
{
    // Who failed: this actor, or the child whose failure it could not decide. While it is set the
    // mailbox is suspended and the parent's verdict is awaited.
    private InternalActorRef? _perpetrator;

    private bool IsFailed => _perpetrator is not null;

    protected override void InvokeSystem(SystemMessage message)
    {
        if (ShouldDefer(message))
        {
            (_deferred ??= []).Add(message);
            return;
        }

        RunSystemMessage(message);
        while (!IsClosed && _deferred?.FindIndex(m => !ShouldDefer(m)) is { } index and >= 0)
        {
            var next = _deferred[index];
            _deferred.RemoveAt(index);
            RunSystemMessage(next);
        }

        if (IsClosed && _deferred is { } late)
        {
            _deferred = null;
            late.ForEach(UndeliverableSystem);
        }
    }

    protected override void UndeliverableSystem(SystemMessage message)
    {
        switch (message)
        {
            case Watch watch:
                watch.Watcher.SendSystemMessage(new DeathWatchNotification(_self, true, false));
                break;
            case RunContinuation continuation:
                ThreadPool.UnsafeQueueUserWorkItem(
                    static c => c.Run(), continuation, preferLocal: false);
                break;
            case Turn turn:
                turn.Drop();
                break;
        }
    }

    /// <summary>A restart in progress is not to be disturbed, a failed actor judges no children,
    /// and a running asynchronous handler is a message being processed.</summary>
    private bool ShouldDefer(SystemMessage message) => message switch
    {
        Recreate or Suspend or Resume => IsAwaiting || IsWaitingForChildren,
        Terminate => IsAwaiting,
        Failed => IsFailed || IsWaitingForChildren,
        Turn => IsAwaiting || IsSuspended || IsWaitingForChildren,
        _ => false,
    };

    private void RunSystemMessage(SystemMessage message)
    {
        try
        {
            switch (message)
            {
                case Create:
                    CreateActor();
                    break;
                case Recreate recreate:
                    RecreateActor(recreate.Cause);
                    break;
                case Suspend:
                    SuspendMailbox();
                    SuspendChildren(except: null);
                    break;
                case Resume resume:
                    ResumeActor(resume.CausedByFailure);
                    break;
                case Terminate:
                    TerminateActor();
                    break;
                case Failed failed:
                    HandleChildFailed(failed);
                    break;
                case RunContinuation continuation:
                    RunAsHandler(continuation);
                    break;
                case Turn turn:
                    turn.Run(_actor);
                    break;
                case HandlerCompleted completed:
                    CompleteHandler(completed.Task);
                    break;
                default:
                    RunDeathWatchMessage(message);
                    break;
            }
        }
        catch (Exception cause)
        {
            HandleFailure(cause, perpetrator: null);
        }
    }

    /// <summary>Suspends this actor and all below it, and asks the parent what to do.</summary>
    private void HandleFailure(Exception cause, InternalActorRef? perpetrator)
    {
        if (IsFailed || IsClosed)
            return;
        _perpetrator = perpetrator ?? _self;
        SuspendMailbox();
        SuspendChildren(except: perpetrator);
        _parent.SendSystemMessage(new Failed(_self, cause, _self.Path.Uid));
    }

    private void RecreateActor(Exception cause)
    {
        if (_actor is null)
        {
            RetryCreate();
            return;
        }

        var failed = _actor;
        _props.Stats.CountRestart();
        try
        {
            failed.AroundPreRestart(cause, _currentMessage?.Message);
        }
        catch (Exception e)
        {
            var wrapped = new PreRestartException(_self, e, cause, _currentMessage?.Message);
            _system.Log.Publish(
                LogLevel.ErrorLevel, _self.Path, failed.GetType(), e.Message, wrapped);
        }

        // It has had its PostStop: a stop that comes while children are waited for must not call
        // it again.
        _actor = null;
        (failed as IWithStash)?.Stash?.UnstashAll();
        _timers?.CancelAll();
        if (!IsFailed && !IsSuspended)
            SuspendMailbox();
        if (!WaitForChildren(WaitReason.Recreation, cause))
            FinishRecreate(cause);
    }

    private void FinishRecreate(Exception cause)
    {
        var survivors = GetChildren().ToArray();
        try
        {
            ResumeMailbox();
            _perpetrator = null;
            _actor = NewActor();
            _actor.AroundPostRestart(cause);
            _receiveTimeout?.Restart();
            _currentMessage = null;
            foreach (var child in survivors)
                ((InternalActorRef)child).SendSystemMessage(new Recreate(cause));
        }
        catch (Exception e)
        {
            DropActor();
            HandleFailure(new PostRestartException(_self, e, cause), perpetrator: null);
        }
    }

    /// <summary>A restart of what never came up is a second attempt to bring it up.</summary>
    private void RetryCreate()
    {
        StopChildren();
        if (!WaitForChildren(WaitReason.Creation))
            FinishCreate();
    }

    private void FinishCreate()
    {
        ResumeMailbox();
        _perpetrator = null;
        CreateActor();
    }

    private void ResumeActor(Exception? causedByFailure)
    {
        if (_actor is null)
        {
            RetryCreate();
        }
        else
        {
            var perpetrator = _perpetrator;
            ResumeMailbox();
            if (causedByFailure is not null)
                _perpetrator = null;
            ResumeChildren(causedByFailure, perpetrator);
        }
    }
}
