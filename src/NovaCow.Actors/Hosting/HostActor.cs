using NovaCow.Actors.Protocols;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Runtime.Actors;
using static NovaCow.Actors.Protocols.BaseVolumeProtocol;
using static NovaCow.Actors.Protocols.HostProtocol;

namespace NovaCow.Actors.Hosting;

/// <summary>
/// Owns one host, under the node's guardian: fences commands, shares out turns and room, has a
/// BaseVolumeActor for each base and an InstanceActor for each instance, and reports to whichever
/// scheduler it is connected to. It never decides where a launch goes.
/// </summary>
/// <remarks>
/// It begins by reconciling with the store, and says hello only after that. When it crashes it
/// stops, and the process should end with it: tasks of the crashed life may still be at work on the
/// store, which a new process finds at rest.
/// </remarks>
public sealed partial class HostActor : ReceiveActor, IWithTimers, IWithStash, RoomTurns.IMeans
{
    private readonly HostSettings _host;
    private readonly HostTally _tally = new();
    private readonly HostAdmission _admission = new();
    private readonly TimeProvider _time;
    private readonly RoomTurns _room;
    private readonly BuildTurns _turns;
    private readonly ChangeTurns _changes;
    private readonly Dictionary<BaseKey, BaseEntry> _bases = [];
    private readonly Dictionary<InstanceId, InstanceEntry> _instances = [];
    private readonly Dictionary<InstanceId, IReadOnlyList<InstanceDisk>> _damaged = [];
    private readonly Dictionary<IActorRef, BaseKey> _baseOf = [];
    private readonly Dictionary<IActorRef, InstanceId> _instanceOf = [];
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private IActorRef? _scheduler;

    /// <summary>A host over its ports.</summary>
    public HostActor(HostSettings host)
    {
        _host = host;
        _time = Context.System.TimeProvider;
        _room = new RoomTurns(host.Limits, this);
        _turns = new BuildTurns(host.Limits, _room);
        _changes = new ChangeTurns(host.Limits, _room);
        Starting();
    }

    /// <summary>The recipe of a host's actor.</summary>
    public static Props Props(HostSettings host) =>
        Runtime.Actors.Props.Create(() => new HostActor(host));

    /// <summary>A scheduler, or a proxy that finds it, can be reached; from the node's wiring.
    /// </summary>
    public sealed record Connected(IActorRef Scheduler);

    /// <summary>No scheduler can be reached; from the node's wiring.</summary>
    public sealed record Disconnected;

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc/>
    public IStash Stash { get; set; } = null!;

    /// <inheritdoc/>
    protected override SupervisorStrategy SupervisorStrategy() =>
        Runtime.Actors.SupervisorStrategy.StoppingStrategy;

    /// <inheritdoc/>
    protected override void PreStart()
    {
        ObserveMachines();
        _ = Reconciliation.ReadAsync(_host).PipeTo(
            Self,
            success: found => found,
            failure: cause => new Reconciliation.Failed(cause));
    }

    /// <inheritdoc/>
    protected override void PostRestart(Exception reason)
    {
        Become(() => ReceiveAny(_ => { }));
        Context.Stop(Self);
    }

    private void Starting()
    {
        Receive<Reconciliation.Found>(OnFound);
        Receive<Reconciliation.Failed>(failed => throw new InvalidOperationException(
            $"host {_host.Id}: its store cannot be read: {failed.Cause.Message}", failed.Cause));
        Receive<Connected>(connected => _scheduler = connected.Scheduler);
        Receive<Disconnected>(_ => _scheduler = null);
        Receive<Leave>(_ => Sender.Tell(new HasLeft()));
        ReceiveAny(_ => Stash.Stash());
    }

    private void Running()
    {
        Receive<Prepare>(m => OnAttempt(new Attempt(m.Id, m.Fence, m.Spec)));
        Receive<Commit>(commit => OnCommit(commit.Id, commit.Fence, commit.WasActive));
        Receive<Discard>(discard => OnDiscard(discard.Id, discard.Fence));
        Receive<Welcome>(OnWelcome);
        Receive<ScanFolder>(OnScanFolder);
        Receive<SayHello>(_ => SayHelloTo(_scheduler));
        Receive<MakeDisk>(make => BaseFor(make.Disk.Base).Forward(make));
        Receive<DeleteDisk>(OnDeleteDisk);
        Receive<DiskProgressed>(OnDiskProgressed);
        Receive<InstanceProtocol.Ready>(OnReady);
        Receive<InstanceProtocol.Active>(OnActive);
        Receive<InstanceProtocol.Undoing>(undoing => OnUndoing(undoing.Id));
        Receive<InstanceProtocol.Ended>(OnEnded);
        ChangeHandlers();
        MoveHandlers();
        MachineHandlers();
        Receive<AskToBuild>(ask => _turns.Ask(Sender, ask));
        Receive<BuildEnded>(ended => _turns.End(ended.Key));
        Receive<Changed>(OnBaseChanged);
        Receive<Connected>(connected =>
        {
            _scheduler = connected.Scheduler;
            SayHelloTo(_scheduler);
        });
        Receive<Disconnected>(_ => _scheduler = null);
        Receive<Terminated>(ended => OnChildEnded(ended.ActorRef));
        Receive<ReportTime>(_ => Report());
        Receive<Leave>(_ => OnLeave());
        SpaceHandlers();
        CareHandlers();
        CacheHandlers();
        CaptureHandlers();
    }

    private void OnFound(Reconciliation.Found found)
    {
        foreach (var volume in found.Bases)
        {
            var entry = Entry(volume.Content);
            entry.Volume = volume;
            entry.Clones = found.ClonesOf(volume.Key);
            entry.Damage = found.DamagedBases.GetValueOrDefault(volume.Key);
            entry.IsUnsealed = found.Unsealed.Contains(volume.Key);
            entry.Use = found.Uses.GetValueOrDefault(volume.Key);
            entry.Report = ReportOf(entry, volume);
            _ = RefOf(entry);
        }

        foreach (var record in found.Instances)
        {
            _admission.Found(record.Id, record.Fence);
            var entry = new InstanceEntry(record.Id, record.Fence, null)
            {
                State = InstanceState.Prepared,
                Disks = record.Disks,
                Cluster = record.Cluster,
                Record = record,
                Power = PowerOf(found.Machines.Machines.GetValueOrDefault(record.Id)),
            };
            _instances[record.Id] = entry;
        }

        foreach (var (id, disks) in found.Damaged)
            _damaged[id] = disks;
        FenceFound(found.Fences);
        foreach (var entry in _instances.Values)
            StartInstance(entry, InstanceActor.Start.Found, null);
        foreach (var note in found.Notes)
            _log.Warning("{0}", note);
        _log.Info(
            "host {0}: {1} bases and {2} instances on its store, volumes by {3}",
            _host.Id, found.Bases.Count, found.Instances.Count, string.Join(", ", _host.Drivers.Names));
        Become(Running);
        Stash.UnstashAll();
        Timers.StartPeriodicTimer(
            ReportTime.Instance, ReportTime.Instance, _host.Limits.ReportEvery);
        StartCare();
        StartCache();
        StartCaptures();
        StartMachines(found.Machines);
        SayHelloTo(_scheduler);
    }

    private void SayHelloTo(IActorRef? scheduler)
    {
        if (scheduler is null)
            return;
        scheduler.Tell(new SchedulerProtocol.HostHello(new HostFacts
        {
            Host = _host.Id,
            Incarnation = _host.Incarnation,
            Drivers = _host.Drivers.Names,
            Capacity = _host.Capacity,
            Address = _host.Address,
            SharedStore = _host.SharedStore,
            Paces = _tally.Paces.Read(_host.Limits.MaxBuilds),
            Labels = _host.Labels,
            Overcommit = _host.Overcommit,
            Bases = [.. _bases.Values.Where(b => b.Report is not null).Select(b => b.Report!)],
            Instances =
            [
                .. _instances.Values.Select(i => new HostedInstance(i.Id, i.Fence, i.State)
                {
                    Power = i.Power,
                }),
            ],
            Hypervisor = _host.Machines?.Capabilities ?? HypervisorCapabilities.None,
        }));
        Report();
    }

    private sealed class ReportTime
    {
        public static ReportTime Instance { get; } = new();
    }
}
