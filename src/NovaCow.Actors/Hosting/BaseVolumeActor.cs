using NovaCow.Actors.Protocols;
using NovaCow.Actors.Telemetry;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Runtime.Actors;
using static NovaCow.Actors.Protocols.BaseVolumeProtocol;

namespace NovaCow.Actors.Hosting;

/// <summary>
/// Owns one base volume on its host, under HostActor: makes it once however many wait for it, and
/// has a SnapshotActor for each clone, which are its reference count. It never clones while it is
/// being made, and never makes a disk itself.
/// </summary>
internal sealed partial class BaseVolumeActor : ReceiveActor, IWithTimers
{
    private readonly HostSettings _host;
    private readonly HostTally _tally;
    private readonly BaseKey _key;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<Waiter> _waiters = [];
    private readonly Dictionary<CloneId, Clone> _clones = [];
    private readonly Dictionary<IActorRef, CloneId> _byChild = [];
    private readonly FoundBase _found;
    private BaseState _state = BaseState.Absent;
    private BaseVolume? _volume;
    private BaseContent _content;
    private string _title;
    private BaseBuild _build;
    private long _clonesStarted;

    public BaseVolumeActor(
        HostSettings host, HostTally tally, BaseContent content, FoundBase found)
    {
        (_host, _tally, _content, _volume, _found) = (host, tally, content, found.Volume, found);
        (_key, _title) = (content.Key(), BaseSpace.Title(content));
        _time = Context.System.TimeProvider;
        _build = new BaseBuild(host, content, tally.Paces, _time);
        Receive<MakeDisk>(OnMakeDisk);
        Receive<Warm>(OnWarm);
        Receive<DeleteDisk>(OnDeleteDisk);
        Receive<SnapshotProtocol.Made>(OnMade);
        Receive<SnapshotProtocol.Copied>(copied => OnCopied(copied.DoneBytes));
        Receive<SnapshotProtocol.Gone>(_ => OnGone());
        Receive<SnapshotProtocol.NotMade>(failed => OnNotMade(failed.Error));
        Receive<SnapshotProtocol.NotRemoved>(failed => OnNotRemoved(failed.Error));
        Receive<Terminated>(ended => OnChildEnded(ended.ActorRef));
        Receive<ReportNow>(_ => Report());
        ChangeHandlers();
        BuildHandlers();
        CareHandlers();
        Receive<Room>(OnRoom);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override SupervisorStrategy SupervisorStrategy() =>
        Runtime.Actors.SupervisorStrategy.StoppingStrategy;

    protected override void PreStart()
    {
        foreach (var (instance, disk) in _found.Clones)
        {
            SetBytes(AddClone(new CloneId(instance, disk.Name), disk.Driver), disk.AllocatedBytes);
        }

        if (_volume is null)
            return;
        _lastUsedAt = _volume.CreatedAt;
        Remember(_found.Use);
        if (_found.Damage is { } damage)
        {
            Quarantine(damage);
            return;
        }

        Enter(BaseState.Ready);
        if (_found.IsUnsealed)
            SealSoon();
    }

    protected override void PostStop()
    {
        _stopping.Cancel();
        _stopping.Dispose();
        CountLeft();
    }

    private void OnMakeDisk(MakeDisk make)
    {
        var waiter = new Waiter(Sender, make, _time.GetTimestamp());
        if (_state is BaseState.Absent or BaseState.Failed or BaseState.Quarantined
            && make.Disk.Base != _content)
            MakeFrom(make.Disk.Base);
        switch (_state)
        {
            case BaseState.Ready:
                StartClone(waiter, TimeSpan.Zero);
                break;
            case BaseState.Failed or BaseState.Quarantined when _time.GetUtcNow() < _retryAt:
                var error = _lastError! with
                {
                    Message = $"{_lastError.Message} (failed {_failures} "
                        + (_failures == 1 ? "time" : "times")
                        + $"; it is tried again for launches after {_retryAt:u})",
                };
                Sender.Tell(new DiskFailed(make.Attempt, make.Disk.Name, error));
                break;
            case BaseState.Quarantined when _reading is not null:
                Wait(waiter);
                break;
            case BaseState.Absent or BaseState.Failed or BaseState.Quarantined:
                _waiters.Add(waiter);
                BeginBuild();
                break;
            default:
                Wait(waiter);
                break;
        }
    }

    // The same bytes under another catalogue entry: what failed by the one may work by the other.
    private void MakeFrom(BaseContent content)
    {
        (_content, _title) = (content, BaseSpace.Title(content));
        _build = new BaseBuild(_host, content, _tally.Paces, _time);
        (_failures, _retryAt) = (0, default);
    }

    private void Wait(Waiter waiter)
    {
        if (_waiters.Count < _host.Limits.MaxWaitersPerBase)
        {
            HurryFor(waiter);
            ReportSoon();
            return;
        }

        var make = waiter.Make;
        waiter.Requester.Tell(new DiskFailed(make.Attempt, make.Disk.Name, new LaunchError(
            LaunchErrorCode.Busy,
            $"{_title}: {_waiters.Count} disks wait for it on host {_host.Id} already; try again "
                + "when it is ready",
            IsRetryable: true)));
    }

    private void StartClone(Waiter waiter, TimeSpan baseWait)
    {
        var make = waiter.Make;
        var id = new CloneId(make.Instance, make.Disk.Name);
        if (!_clones.TryGetValue(id, out var clone))
        {
            clone = AddClone(id, make.Driver);
            clone.IsArriving = make.Existing is not null;
        }

        if (clone.IsLeaving)
        {
            waiter.Requester.Tell(new DiskFailed(make.Attempt, make.Disk.Name, new LaunchError(
                LaunchErrorCode.VolumeDriver,
                $"disk {id.Disk} of instance {id.Instance} is being removed; try again",
                IsRetryable: true)));
            return;
        }

        if (make.Existing is { } existing)
        {
            clone.Await(waiter.Requester, make.Attempt, baseWait);
            StartChange(clone, new DiskChangeRequest(
                make.Instance,
                existing,
                make.Rebuilds ? new DiskChange.Rebuild(_key) : new DiskChange.Rebase(_key)));
            return;
        }

        var request = new CloneRequest(
            make.Instance, make.Disk.Name, _key, make.Disk.VirtualSizeBytes)
        {
            Layout = make.Disk.Layout,
            LocalStorage = make.Disk.LocalStorage,
            Contents = make.Disk.Contents,
            Transfer = make.Disk.Transfer,
        };
        clone.Begin(waiter, request, baseWait);
        clone.Generation = _attempt;
        ReportSoon();
        MakeOrAskForRoom(clone);
    }

    private sealed record Waiter(IActorRef Requester, MakeDisk Make, long Since)
    {
        /// <summary>The base was found damaged when the disk was made first.</summary>
        public bool IsSecondTry { get; init; }
    }

    private sealed class ReportNow
    {
        public static ReportNow Instance { get; } = new();
    }
}
