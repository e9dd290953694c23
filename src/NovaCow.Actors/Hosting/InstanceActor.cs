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
    private LaunchError? _error;
    private int _undone;
    private int _failures;
    private bool _isSaving;
    private bool _isRemoved;

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

    // The disk whose turn it is to be removed: in reverse order.
    private DiskRef Next => _plan[^(_undone + 1)];

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

    private void Undoing()
    {
        Receive<RecordGone>(_ => DeleteNext());
        Receive<DiskDeleted>(
            _ =>
            {
                _undone++;
                _failures = 0;
                Timers.Cancel(Retry.Instance);
                DeleteNext();
            },
            gone => gone.Attempt == _attempt && gone.Disk == Next.Name);
        Receive<DiskFailed>(
            failed => RetryLater(failed.Error),
            failed => failed.Attempt == _attempt && failed.Disk == Next.Name);
        Receive<RecordStays>(stays => RetryLater(stays.Error));
        Receive<Retry>(_ => Undo());
        Receive<InstanceProtocol.BaseLost>(lost => RetryIfWaitingFor(lost.Key));
        Receive<InstanceProtocol.Remove>(_ => _isRemoved = true);
        Receive<SaveEnded>(_ =>
        {
            _isSaving = false;
            Undo();
        });
        // Answers to what was asked before the undoing began.
        Receive<DeadFenced>(_ => { });
        Receive<DiskMade>(_ => { });
        Receive<DiskDeleted>(_ => { });
        Receive<DiskFailed>(_ => { });
        Receive<Answered>(OnAnswered);
        Receive<Noted>(_ =>
        {
            _isSaving = false;
            Undo();
        });
        Receive<InstanceProtocol.Commit>(_ => { });
        Receive<InstanceProtocol.MachineIs>(_ => { });
        Receive<InstanceProtocol.Change>(_ => { });
        Receive<InstanceProtocol.CancelChange>(_ => { });
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

    private void Fail(LaunchError error)
    {
        _error = error;
        Context.Parent.Tell(new InstanceProtocol.Undoing(_id));
        Undo();
    }

    private void Remove()
    {
        _isRemoved = true;
        Undo();
    }

    // The machine first, then the record: from then on the disks are leftovers, which a start
    // removes.
    private void Undo()
    {
        Become(Undoing);
        if (_isSaving)
            return;
        if (_mayHaveMachine || _call is not null)
        {
            RemoveMachine();
            return;
        }

        _ = _host.Store.DeleteInstanceAsync(_id, CancellationToken.None).PipeTo(
            Self,
            success: () => RecordGone.Instance,
            failure: cause => new RecordStays(ToError(cause, $"record of instance {_id}")));
    }

    private void DeleteNext()
    {
        if (_undone < _plan.Count)
        {
            Context.Parent.Tell(new DeleteDisk(_id, _attempt, Next));
            return;
        }

        Context.Parent.Tell(new InstanceProtocol.Ended(_id, _isRemoved ? null : _error));
        Context.Stop(Self);
    }

    private void RetryIfWaitingFor(BaseKey key)
    {
        if (_undone < _plan.Count && Next.Base == key)
            DeleteNext();
    }

    private void RetryLater(LaunchError error)
    {
        _failures++;
        var pause = _host.Limits.RemovalRetry.After(_failures, _host.Jitter());
        Context.GetLogger().Warning(
            "instance {0}: {1}; tried again in {2}", _id, error.Message, pause);
        Timers.StartSingleTimer(Retry.Instance, Retry.Instance, pause);
    }

    private static LaunchError ToError(Exception cause, string what) =>
        Failures.ToError(cause, what);

    private sealed record SaveEnded(InstanceRecord Record, Exception? Failure);

    private sealed record RecordStays(LaunchError Error);

    private sealed class RecordGone
    {
        public static RecordGone Instance { get; } = new();
    }

    private sealed class Retry
    {
        public static Retry Instance { get; } = new();
    }
}
