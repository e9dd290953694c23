namespace NovaCow.Runtime.Actors;

/// <summary>How an actor comes up, and how it goes for good.</summary>
internal sealed partial class ActorCell
{
    private bool _stopping;
    private bool _constructing;
    private ActorBase? _adopted;

    private void CreateActor()
    {
        try
        {
            _actor = NewActor();
            _actor.AroundPreStart();
            _receiveTimeout?.Restart();
        }
        catch (Exception cause)
        {
            DropActor();
            HandleFailure(
                cause as ActorInitializationException ?? new ActorInitializationException(
                    _self, $"the actor could not be created: {cause.Message}", cause),
                perpetrator: null);
        }
    }

    /// <summary>Builds the instance with this cell as its context.</summary>
    private ActorBase NewActor()
    {
        _outerBehaviors = null;
        _adopted = null;
        _constructing = true;
        ActorBase actor;
        try
        {
            actor = _props.NewActor();
        }
        finally
        {
            _constructing = false;
        }

        if (!ReferenceEquals(actor, _adopted))
        {
            throw new ActorInitializationException(
                _self, "the Props' factory returned nothing, or an instance made before");
        }

        if (actor is IWithStash withStash)
            withStash.Stash = new StashImpl(this, _system.Options.StashCapacity);
        if (actor is IWithTimers withTimers)
            withTimers.Timers = _timers = new TimerScheduler(this);
        _adopted = null;
        return actor;
    }

    /// <summary>Called by the base constructor: the instance being built is this cell's.</summary>
    public void Adopt(ActorBase actor)
    {
        if (!_constructing || _adopted is not null)
        {
            throw new ActorInitializationException(
                _self,
                $"{actor.GetType().Name} was made with new inside of another actor: make it with "
                + "Context.ActorOf(Props.Create(...))");
        }

        _adopted = actor;
        _behavior = actor.InitialBehavior;
    }

    private void TerminateActor()
    {
        if (_stopping)
            return;
        _stopping = true;
        _receiveTimeout?.Cancel();
        _timers?.CancelAll();
        UnwatchAll();
        if (CloseChildren())
        {
            SuspendMailbox();
            _perpetrator = _self;
        }
        else
        {
            FinishTerminate();
        }
    }

    private void FinishTerminate()
    {
        try
        {
            _actor?.AroundPostStop();
        }
        catch (Exception e)
        {
            _system.Log.Publish(
                LogLevel.ErrorLevel, _self.Path, _props.Type, $"PostStop failed: {e.Message}", e);
        }

        (_actor as IWithStash)?.Stash?.UnstashAll();
        _props.Stats.CountStop();
        _timers?.CancelAll();
        _receiveTimeout?.Cancel();
        CloseMailbox();
        _system.EventStream.Forget(_self);
        TellWatchersWeDied();
        _parent.SendSystemMessage(new DeathWatchNotification(_self, true, false));
        UnwatchAll();
        _actor = null;
        _behavior = null;
        _outerBehaviors = null;
        _currentMessage = null;
        _timers = null;
        Volatile.Write(ref _children, ChildRegistry.Closed);
    }

    private void DropActor()
    {
        _timers?.CancelAll();
        _actor = null;
        _currentMessage = null;
    }
}
