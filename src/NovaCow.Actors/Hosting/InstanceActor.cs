using NovaCow.Actors.Protocols;
using NovaCow.Actors.Telemetry;
using NovaCow.Core;
using NovaCow.Core.Scheduling;
using NovaCow.Runtime.Actors;
using static NovaCow.Actors.Protocols.BaseVolumeProtocol;

namespace NovaCow.Actors.Hosting;

/// <summary>
/// Owns one instance on its host, under HostActor: joins its disks and its record, and undoes them
/// in reverse when one fails. It never survives as half an instance, and never decides where the
/// instance belongs.
/// </summary>
internal sealed partial class InstanceActor : ReceiveActor, IWithTimers
{
    private readonly HostSettings _host;
    private readonly InstanceId _id;
    private readonly LaunchFence _attempt;
    private readonly string? _cluster;
    private readonly LaunchSpec? _spec;
    private readonly MoveOrder? _order;
    private LaunchPlan? _launch;
    private readonly Dictionary<DiskName, InstanceDisk> _made = [];
    private readonly TimeProvider _time;
    private readonly long _startedAt;
    private readonly Start _start;
    private IReadOnlyList<DiskRef> _plan;
    private TimeSpan _baseWait;
    private bool _isSaving;

    /// <summary>How the actor's life begins.</summary>
    public enum Start
    {
        /// <summary>The disks are to be made.</summary>
        Prepare,

        /// <summary>The disks and the record were found on the store.</summary>
        Found,

        /// <summary>An earlier actor crashed, and what it left is to be removed.</summary>
        Undo,
    }

    public InstanceActor(HostSettings host, InstancePlan plan, Start start)
    {
        (_host, _id, _attempt, _spec, _plan) = (host, plan.Id, plan.Attempt, plan.Spec, plan.Disks);
        (_error, _start, _record) = (plan.Error, start, plan.Record);
        (_cluster, _order) = (plan.Cluster, plan.Order);
        _machine = plan.Machine;
        _mayHaveMachine = host.Machines is not null && start != Start.Prepare;
        _time = Context.System.TimeProvider;
        _startedAt = _time.GetTimestamp();
        Preparing();
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        switch (_start)
        {
            case Start.Prepare:
                _launch = _order is null
                    ? LaunchPlan.For(_spec!, _plan[0].Driver)
                    : LaunchPlan.For(_order);
                if (_order?.Source.Dead is { } dead)
                    FenceDead(dead);
                else
                    AskForAll();
                break;
            case Start.Found:
                Become(Prepared);
                break;
            default:
                Undo();
                break;
        }
    }

    private void AskForAll()
    {
        foreach (var disk in _launch!.AtOnce)
            Ask(disk);
    }

    private void Preparing()
    {
        EvacuationHandlers();
        Receive<DiskMade>(OnDiskMade, made => made.Attempt == _attempt);
        Receive<DiskFailed>(
            failed => Fail(failed.Error), failed => failed.Attempt == _attempt);
        Receive<SaveEnded>(OnSaveEnded);
        Receive<InstanceProtocol.BaseLost>(lost => OnBaseLost(lost.Key));
        Receive<InstanceProtocol.Remove>(_ => Remove());
    }

    private void Prepared()
    {
        MachineHandlers();
        Receive<InstanceProtocol.Remove>(_ => RemoveOnceUnchanged());
        Receive<InstanceProtocol.BaseLost>(lost => OnBaseLostWhileChanging(lost.Key));
        ChangeHandlers();
    }

    private void Ask(PlannedDisk disk) => Context.Parent.Tell(
        new MakeDisk(
            _id, _attempt, WithContents(disk), _plan.First(d => d.Name == disk.Name).Driver));

    private PlannedDisk WithContents(PlannedDisk disk) => disk with
    {
        Contents = _order is null
            ? _spec!.Adoption?.Disks.FirstOrDefault(d => d.Name == disk.Name)
            : null,
    };

    private void OnDiskMade(DiskMade made)
    {
        _made[made.Disk.Name] = made.Disk;
        _baseWait = made.BaseWait > _baseWait ? made.BaseWait : _baseWait;
        if (made.Disk.Name == DiskName.Root)
            OnRootMade(made.Disk);
        if (_made.Count < _plan.Count)
            return;
        var record = new InstanceRecord
        {
            Id = _id,
            Cluster = _cluster,
            Fence = _attempt,
            Image = _spec!.Image.Name,
            Flavor = _spec.Flavor,
            Disks = [.. _plan.Select(d => AsItWas(_made[d.Name]))],
            KernelArguments = _spec.Image.KernelArguments,
            Guest = _spec.Guest,
            IsOn = IsOnAfterMove,
            PreparedAt = _time.GetUtcNow(),
        };
        _isSaving = true;
        _ = _host.Store.SaveInstanceAsync(record, CancellationToken.None).PipeTo(
            Self,
            success: () => new SaveEnded(record, null),
            failure: cause => new SaveEnded(record, cause));
    }

    // The guest finds a disk that moved where it was.
    private InstanceDisk AsItWas(InstanceDisk made) =>
        _order?.Disks.FirstOrDefault(d => d.Name == made.Name) is { } moved
            ? made with { Device = moved.Device, IsDetached = moved.IsDetached }
            : made;

    // A disk that waited for the root is in it, or is one of its own.
    private void OnRootMade(InstanceDisk root)
    {
        if (_launch!.Waits is not { } waiting)
            return;
        _launch = _launch.After(root);
        if (_launch.All.FirstOrDefault(d => d.Name == waiting) is { } disk)
            Ask(disk);
        else
            _plan = [.. _plan.Where(d => d.Name != waiting)];
    }

    private void OnSaveEnded(SaveEnded ended)
    {
        _isSaving = false;
        if (ended.Failure is { } cause)
        {
            Fail(ToError(cause, $"record of instance {_id}"));
            return;
        }

        var took = _time.GetElapsedTime(_startedAt);
        var preparation = new Preparation(_baseWait == TimeSpan.Zero, _baseWait, took);
        DomainMetrics.PrepareSeconds.Record(
            took.TotalSeconds, DomainMetrics.Cache(preparation.Warm));
        _record = ended.Record;
        Become(Prepared);
        Context.Parent.Tell(new InstanceProtocol.Ready(ended.Record, preparation));
    }

    private void OnBaseLost(BaseKey key)
    {
        if (_plan.Any(d => d.Base == key))
        {
            Fail(new LaunchError(
                LaunchErrorCode.VolumeDriver,
                $"instance {_id}: base {key} was lost while its disks were made; the host's log "
                    + "says why",
                IsRetryable: true));
        }
    }

    private static LaunchError ToError(Exception cause, string what) =>
        Failures.ToError(cause, what);

    private sealed record SaveEnded(InstanceRecord Record, Exception? Failure);
}
