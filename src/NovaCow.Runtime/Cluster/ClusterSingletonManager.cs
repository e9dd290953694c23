using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Persistence;
using NovaCow.Runtime.Remote;

namespace NovaCow.Runtime.Cluster;

/// <summary>Tells a <see cref="ClusterSingletonManager"/> to hand over, for good, and to stop.
/// </summary>
public sealed record LeaveCluster
{
    public static LeaveCluster Instance { get; } = new();
}

/// <summary>
/// One on every control node; together they run one singleton, on the node that holds the lease.
/// It makes what <see cref="LeaseDecision"/> decides happen, and decides nothing itself.
/// </summary>
/// <remarks>
/// The singleton is its child. A singleton that stops by itself (because its writes are fenced,
/// say) costs the node its leadership. To stop without a gap tell <see cref="LeaveCluster"/>.
/// It exports the singleton to <see cref="Links"/>, if the system has them, and tells peers who
/// leads: of several leases on one system, only one should name the node that peers look for.
/// </remarks>
public sealed class ClusterSingletonManager : ReceiveActor, IWithTimers
{
    private readonly Func<long, Props> _singleton;
    private readonly ClusterSingletonManagerSettings _settings;
    private readonly object _terminationMessage;
    private readonly LeaseClock _clock;
    private readonly Leadership _leadership;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private LeaseState _state;
    private IActorRef? _child;
    private string? _lastFailure;

    private ClusterSingletonManager(
        Func<long, Props> singleton,
        object terminationMessage,
        ClusterSingletonManagerSettings settings)
    {
        _singleton = singleton;
        _terminationMessage = terminationMessage;
        _settings = settings;
        _clock = new LeaseClock(Context.System.TimeProvider);
        _leadership = Leadership.Of(Context.System);
        // Unique to this instance: a request of an earlier one may still be on its way.
        _state = new LeaseState { Self = $"{settings.NodeName}/{Guid.NewGuid():n}" };

        Receive<Wake>(_ => Decide(new LeaseInput.Tick()));
        Receive<Answer>(OnAnswer);
        Receive<AskFailed>(OnAskFailed);
        Receive<Terminated>(OnTerminated);
        Receive<LeaveCluster>(_ => Decide(new LeaseInput.StopRequested()));
    }

    /// <summary>Set by the runtime.</summary>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <param name="singletonProps">Makes the singleton for an epoch, which it is to put on all
    /// that it writes and commands.</param>
    /// <param name="settings">Its lease.</param>
    /// <param name="terminationMessage">What stops the singleton; a poison pill if null.</param>
    public static Props Props(
        Func<long, Props> singletonProps,
        ClusterSingletonManagerSettings settings,
        object? terminationMessage = null)
    {
        ArgumentNullException.ThrowIfNull(singletonProps);
        ArgumentNullException.ThrowIfNull(settings);
        return Actors.Props.Create(() => new ClusterSingletonManager(
            singletonProps, terminationMessage ?? PoisonPill.Instance, settings));
    }

    protected override void PreStart()
    {
        Context.System.GetExtension<Links>()?.Export(SingletonPath());
        Decide(new LeaseInput.Tick());
    }

    // The child has ended by now; there is no turn left to wait for the store's answer.
    protected override void PostStop()
    {
        Announce(new LeaseAction.Announce(_state.Epoch, null, IsSelf: false));
        if (_state.Phase is LeasePhase.Leading or LeasePhase.SteppingDown || _state.MustRelease)
            _ = ReleaseAsync(_state.Holder);
    }

    // A singleton whose writes are fenced has been replaced: there is nothing to restart.
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(
        maxNrOfRetries: 5,
        withinTimeRange: TimeSpan.FromMinutes(1),
        cause => cause is StoreFencedException
            ? Directive.Stop
            : Actors.SupervisorStrategy.DefaultDecider(cause));

    private string SingletonPath() =>
        $"{Self.Path.ToStringWithoutAddress()}/{_settings.SingletonName}";

    private void Decide(LeaseInput input)
    {
        var (state, actions) = LeaseDecision.Decide(
            _state, input, _clock.Now, _settings.Timings);
        _state = state;
        foreach (var action in actions)
            Do(action);
        if (_leadership.Current(_settings.Lease) is { IsSelf: true } leader)
            _leadership.Set(leader, _clock, _state.SafeUntil);
        SetTimer();
    }

    private void SetTimer()
    {
        var wakeAt = _state.WakeAt(_settings.Timings);
        if (wakeAt == TimeSpan.MaxValue)
        {
            Timers.Cancel(nameof(Wake));
            return;
        }
        var delay = wakeAt - _clock.Now;
        Timers.StartSingleTimer(
            nameof(Wake), new Wake(), delay > TimeSpan.Zero ? delay : TimeSpan.Zero);
    }

    private void Do(LeaseAction action)
    {
        switch (action)
        {
            case LeaseAction.Read(var ask):
                Ask(ask, token => _settings.Store.ReadLeaseAsync(_settings.Lease, token));
                break;
            case LeaseAction.Acquire(var ask, var holder):
                Ask(ask, token => AcquireAsync(holder, token));
                break;
            case LeaseAction.Release(var ask, var holder):
                Ask(ask, token => ReleaseAsync(holder, token));
                break;
            case LeaseAction.StartChild(var epoch):
                StartChild(epoch);
                break;
            case LeaseAction.StopChild(var reason):
                _log.Warning("{0}: the singleton stops here: {1}", _settings.Lease, reason);
                _child?.Tell(_terminationMessage, Self);
                break;
            case LeaseAction.Announce news:
                Announce(news);
                break;
            case LeaseAction.Stop:
                Context.Stop(Self);
                break;
        }
    }

    private void Ask(int ask, Func<CancellationToken, Task<Lease?>> request)
    {
        var limit = new CancellationTokenSource(
            _settings.Timings.AskTimeout, Context.System.TimeProvider);
        _ = Run().PipeTo(
            Self,
            success: lease => new Answer(ask, lease),
            failure: cause => new AskFailed(ask, cause));

        async Task<Lease?> Run()
        {
            using (limit)
                return await request(limit.Token);
        }
    }

    private async Task<Lease?> AcquireAsync(string holder, CancellationToken cancellationToken) =>
        await _settings.Store.AcquireLeaseAsync(
            new LeaseRequest(
                _settings.Lease, holder, _settings.Address, _settings.Timings.TimeToLive),
            cancellationToken);

    private async Task<Lease?> ReleaseAsync(
        string holder, CancellationToken cancellationToken = default)
    {
        await _settings.Store.ReleaseLeaseAsync(_settings.Lease, holder, cancellationToken);
        return null;
    }

    private void StartChild(long epoch)
    {
        _log.Info("{0}: the singleton starts here with epoch {1}", _settings.Lease, epoch);
        _child = Context.Watch(Context.ActorOf(_singleton(epoch), _settings.SingletonName));
    }

    private void Announce(LeaseAction.Announce news)
    {
        var changed = new LeaderChanged(_settings.Lease, news.Epoch, news.Address, news.IsSelf);
        _leadership.Set(changed, _clock, _state.SafeUntil);
        if (Context.System.GetExtension<Links>() is { } links)
            links.LeaderAddress = news.Address;
        Context.System.EventStream.Publish(changed);
    }

    private void OnTerminated(Terminated ended)
    {
        if (!ended.ActorRef.Equals(_child))
            return;
        if (_state.Phase == LeasePhase.Leading)
            _log.Error("{0}: the singleton stopped by itself", _settings.Lease);
        _child = null;
        Decide(new LeaseInput.ChildEnded());
    }

    private void OnAnswer(Answer answer)
    {
        _leadership.SetTrouble(_settings.Lease, null);
        Decide(new LeaseInput.Answered(answer.Ask, answer.Lease));
    }

    private void OnAskFailed(AskFailed failed)
    {
        var why = failed.Cause is OperationCanceledException
            ? "the store did not answer in time"
            : failed.Cause.Message;
        _leadership.SetTrouble(_settings.Lease, why);
        // Once per kind of trouble: it is asked several times a second.
        if (_lastFailure != why)
            _log.Warning("{0}: {1}", _settings.Lease, why);
        _lastFailure = why;
        Decide(new LeaseInput.AskFailed(failed.Ask));
    }

    private sealed record Wake;

    private sealed record Answer(int Ask, Lease? Lease);

    private sealed record AskFailed(int Ask, Exception Cause);
}
