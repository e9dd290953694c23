namespace NovaCow.Runtime.Actors;

internal sealed partial class ActorCell
{
    private ChildRegistry? _children;

    public IEnumerable<IActorRef> GetChildren() => _children?.All() ?? [];

    public IActorRef Child(string name) => FindChild(name) ?? ActorRefs.Nobody;

    /// <summary>Safe from any thread.</summary>
    public InternalActorRef? FindChild(string name) =>
        Volatile.Read(ref _children)?.Find(name)?.Child;

    /// <summary>Safe from any thread, as guardians get their children from outside.</summary>
    public IActorRef ActorOf(Props props, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(props);
        if (name is not null && !ActorPath.IsValidPathElement(name))
        {
            throw new InvalidActorNameException(
                $"{_self.Path}: '{name}' is no actor name: use letters, digits and "
                + "-_.*$+:@&=,!~';() and do not begin with $");
        }

        var child = Children.Add(this, name, props);
        child.Cell.Start();
        return child;
    }

    public void Stop(IActorRef child)
    {
        _children?.MarkDying(child);
        if (child is InternalActorRef actor)
            actor.Stop();
    }

    private ChildRegistry Children =>
        _children ?? Interlocked.CompareExchange(ref _children, new ChildRegistry(), null)
        ?? _children;

    private void StopChildren()
    {
        foreach (var child in GetChildren())
            Stop(child);
    }

    private void SuspendChildren(InternalActorRef? except)
    {
        foreach (var child in GetChildren())
        {
            if (!child.Equals(except))
                ((InternalActorRef)child).SendSystemMessage(new Suspend());
        }
    }

    private void ResumeChildren(Exception? causedByFailure, InternalActorRef? perpetrator)
    {
        foreach (var child in GetChildren())
        {
            var forgiven = child.Equals(perpetrator) ? causedByFailure : null;
            ((InternalActorRef)child).SendSystemMessage(new Resume(forgiven));
        }
    }

    /// <summary>The verdict on a failed child; what the strategy does not decide fails this actor
    /// in turn.</summary>
    private void HandleChildFailed(Failed failed)
    {
        if (_children?.Find(failed.Child.Path.Name) is not { } stats
            || stats.Child.Path.Uid != failed.Uid)
            return;
        var interrupted = _currentMessage;
        _currentMessage = new Envelope(failed, failed.Child);
        try
        {
            if (!Strategy.HandleFailure(this, failed.Child, failed.Cause, stats))
                HandleFailure(failed.Cause, failed.Child);
        }
        catch (Exception cause)
        {
            HandleFailure(cause, failed.Child);
        }
        finally
        {
            _currentMessage = interrupted;
        }
    }

    private SupervisorStrategy Strategy =>
        _props.SupervisorStrategy ?? _actor?.StrategyOfActor ?? SupervisorStrategy.DefaultStrategy;

    private void HandleChildTerminated(IActorRef child)
    {
        if (_children?.Remove(child) is not { } finished)
            return;
        switch (finished.Reason)
        {
            case WaitReason.Recreation:
                FinishRecreate(finished.Cause!);
                break;
            case WaitReason.Creation:
                FinishCreate();
                break;
            case WaitReason.Termination:
                FinishTerminate();
                break;
        }
    }

    private bool WaitForChildren(WaitReason reason, Exception? cause = null) =>
        _children?.TryWait(reason, cause) ?? false;

    /// <summary>Takes no more children and stops those there are; true when there are any.
    /// </summary>
    private bool CloseChildren()
    {
        if (Interlocked.CompareExchange(ref _children, ChildRegistry.Closed, null) is not { } mine)
            return false;
        var children = mine.Close();
        foreach (var child in children)
            ((InternalActorRef)child).Stop();
        return children.Length > 0;
    }

    private bool IsWaitingForChildren => _children?.IsWaiting ?? false;
}
