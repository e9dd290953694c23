using NovaCow.Actors.Protocols;
using NovaCow.Core;
using NovaCow.Core.Scheduling;
using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Persistence;
using static NovaCow.Actors.Protocols.SchedulerProtocol;

namespace NovaCow.Actors.Scheduling;

/// <summary>
/// Owns the cluster's launches, catalogue and claims: one in the cluster, under the singleton
/// manager. It lets the pure core decide, journals what was decided, and only then tells anybody;
/// commands go on while events are being written. It never touches a disk.
/// </summary>
public sealed partial class SchedulerActor : ReceivePersistentActor, IWithTimers
{
    private readonly SchedulerSettings _settings;
    private readonly SchedulerCore _core;
    private readonly ClusterEventLog _events;
    private readonly InstanceWaiters _waiters;
    private readonly EventSubscribers _subscribers;
    private readonly Dictionary<HostId, IActorRef> _hosts = [];
    private readonly Dictionary<IActorRef, HostId> _hostOf = [];
    private readonly Dictionary<HostId, IActorRef> _successors = [];
    private readonly TimeProvider _time = Context.System.TimeProvider;
    private int _eventsSinceSnapshot;
    private bool _isSavingSnapshot;

    /// <summary>A scheduler under one leadership.</summary>
    public SchedulerActor(SchedulerSettings settings)
    {
        _settings = settings;
        _core = new SchedulerCore(settings.Limits, settings.Flavors, settings.Leadership.Epoch)
        {
            FileSystems = settings.FileSystems,
        };
        _events = new ClusterEventLog(settings.KeptEvents);
        _waiters = new InstanceWaiters(settings.MaxWaiters);
        _subscribers = new EventSubscribers(settings.MaxSubscribers);
        Recovering();
        CatalogueCommands();
        InstanceCommands();
        HostCommands();
        AdoptionCommands();
        ChangeCommands();
        MoveCommands();
        MachineCommands();
        EventCommands();
        CareCommands();
        FleetCommands();
        CacheCommands();
        CaptureCommands();
        Command<TimeToTick>(_ => OnTick());
        Command<Terminated>(ended => OnTerminated(ended.ActorRef));
        Command<SaveSnapshotSuccess>(saved =>
        {
            _isSavingSnapshot = false;
            DeleteMessages(saved.Metadata.SequenceNr);
        });
        Command<SaveSnapshotFailure>(OnSnapshotFailure);
    }

    /// <summary>The recipe of the scheduler of one leadership.</summary>
    public static Props Props(SchedulerSettings settings) =>
        Runtime.Actors.Props.Create(() => new SchedulerActor(settings));

    /// <inheritdoc/>
    public override string PersistenceId => "scheduler";

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc/>
    protected override Fence? Fence => _settings.Leadership;

    private DateTimeOffset Now => _time.GetUtcNow();

    /// <summary>The state holds what could not be written: this life must end.</summary>
    protected override void OnPersistRejected(Exception cause, object @event, long sequenceNr)
    {
        base.OnPersistRejected(cause, @event, sequenceNr);
        Context.Stop(Self);
    }

    private void Recovering()
    {
        Recover<SnapshotOffer>(offer =>
        {
            _core.RecoverPart(offer.Snapshot);
            _events.StartAfter(offer.Metadata.SequenceNr);
        });
        Recover<SchedulerEvent>(happened =>
        {
            _core.Recover(happened);
            _events.Add(LastSequenceNr, happened);
            _eventsSinceSnapshot++;
        });
        Recover<RecoveryCompleted>(_ =>
        {
            _core.Start(Now);
            Timers.StartPeriodicTimer(
                TimeToTick.Instance, TimeToTick.Instance, _settings.TickEvery);
            Context.GetLogger().Info(
                "scheduler: epoch {0} at event {1}: {2} launches, {3} hosts known",
                _settings.Leadership.Epoch,
                LastSequenceNr,
                _core.State.Launches.Count,
                _core.State.Hosts.Count);
            Carry(_core.Found(Guid.NewGuid().ToString("N"), Now));
        });
    }

    /// <summary>Makes a decision durable, then carries it out and answers the sender.</summary>
    private void Carry(Decision decision, Func<Decision, object>? answer = null)
    {
        var reply = decision.Refusal is { } refusal
            ? new Refused(refusal)
            : answer?.Invoke(decision);
        var left = decision.Events.Count;
        if (left == 0)
        {
            if (reply is not null || decision.Effects.Count > 0)
                DeferAsync(decision, d => CarryOut(d, reply));
            return;
        }

        var snapshot = SnapshotIfDue(left);
        PersistAllAsync(decision.Events, happened =>
        {
            Count(happened);
            _subscribers.Gather(_events.Add(LastSequenceNr, happened));
            if (--left > 0)
                return;
            _subscribers.Flush();
            CarryOut(decision, reply);
            if (snapshot is not null)
                SaveSnapshotInParts(snapshot.Parts());
        });
    }

    /// <summary>Answers a question by what is known now, once all of that is durable.</summary>
    private void Answer(object reply) => DeferAsync(reply, r => Sender.Tell(r));

    private void CarryOut(Decision decision, object? reply)
    {
        foreach (var effect in decision.Effects)
            CarryOut(effect);
        if (reply is not null)
            Sender.Tell(reply);
    }

    private void CarryOut(SchedulerEffect effect)
    {
        switch (effect)
        {
            case SchedulerEffect.Prepare e:
                ToHost(e.Host, new HostProtocol.Prepare(e.Id, e.Fence, e.Spec));
                break;
            case SchedulerEffect.Commit e:
                ToHost(e.Host, new HostProtocol.Commit(e.Id, e.Fence)
                {
                    WasActive = e.WasActive,
                });
                break;
            case SchedulerEffect.Discard e:
                ToHost(e.Host, new HostProtocol.Discard(e.Id, e.Fence));
                break;
            case SchedulerEffect.Change e:
                ToHost(e.Host, new HostProtocol.Change(e.Id, e.Fence, e.Number, e.What));
                break;
            case SchedulerEffect.CancelChange e:
                ToHost(e.Host, new HostProtocol.CancelChange(e.Id, e.Fence, e.Number, e.Kind));
                break;
            case SchedulerEffect.Offer e:
                ToHost(e.Host, new HostProtocol.Offer(e.Id, e.Fence, e.Number));
                break;
            case SchedulerEffect.Withdraw e:
                ToHost(e.Host, new HostProtocol.Withdraw(e.Id, e.Fence, e.Number));
                break;
            case SchedulerEffect.Receive e:
                ToHost(e.Host, new HostProtocol.Receive(e.Id, e.Fence, e.Spec, e.Order));
                break;
            case SchedulerEffect.PowerSeen e:
                OnPowerSeen(e);
                break;
            case SchedulerEffect.ChangeSettled e:
                _waiters.Settle(e.Instance);
                break;
            case SchedulerEffect.Welcome e:
                ToHost(
                    e.Host,
                    new HostProtocol.Welcome(_settings.Leadership.Epoch, e.Verdicts)
                    {
                        Cluster = _core.State.Cluster,
                        Kept = e.Kept,
                    });
                break;
            case SchedulerEffect.SayHello e:
                ToHost(e.Host, new HostProtocol.SayHello());
                break;
            case SchedulerEffect.Settled e:
                CountSettled(e.Instance);
                _waiters.Settle(e.Instance);
                break;
            default:
                CarryOutCache(effect);
                break;
        }
    }

    // A host that is away is told when it says hello.
    private void ToHost(HostId host, IHostMessage message) =>
        _hosts.GetValueOrDefault(host)?.Tell(message);

    // Taken where the events are decided: in their handlers the state is already further. The time
    // to replay what comes after it is bounded by a part of the time to restore it.
    private SchedulerCapture? SnapshotIfDue(int newEvents)
    {
        _eventsSinceSnapshot += newEvents;
        var due = Math.Max(_settings.SnapshotAfterEvents, _core.State.Launches.Count / 2);
        if (_eventsSinceSnapshot < due || _isSavingSnapshot)
            return null;
        _eventsSinceSnapshot = 0;
        _isSavingSnapshot = true;
        return _core.State.ToSnapshot();
    }

    // It is tried again when as many events have come as before the first try.
    private void OnSnapshotFailure(SaveSnapshotFailure failed)
    {
        _isSavingSnapshot = false;
        Context.GetLogger().Warning(
            "scheduler: the state at event {0} was not saved: {1}; until it is, a start takes "
                + "longer",
            failed.Metadata.SequenceNr,
            failed.Cause.Message);
    }

    private void OnTick()
    {
        Carry(_core.Tick(Now));
        _waiters.Expire(Now);
        GiveUpOnHosts();
    }

    private void OnTerminated(IActorRef ended)
    {
        _subscribers.Remove(ended);
        if (!_hostOf.Remove(ended, out var host))
            return;
        _hosts.Remove(host);
        var isNews = _core.Disconnected(host, Now);
        if (_successors.Remove(host, out var successor))
            successor.Tell(new HostProtocol.SayHello());
        if (!isNews)
            return;
        _subscribers.Gather(new ClusterEvent.HostChanged(
            host, HostStatus.Disconnected, "its link ended; its grace begins")
        {
            Sequence = null,
            At = Now,
        });
        _subscribers.Flush();
    }

    private sealed class TimeToTick
    {
        public static TimeToTick Instance { get; } = new();
    }
}
