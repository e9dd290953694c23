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

    private void OnDeleteDisk(DeleteDisk delete)
    {
        var id = new CloneId(delete.Instance, delete.Disk.Name);
        var waiting = _waiters.FindIndex(
            w => w.Make.Instance == id.Instance && w.Make.Disk.Name == id.Disk);
        if (waiting >= 0)
        {
            _waiters.RemoveAt(waiting);
            ReportSoon();
        }

        // A disk that is not known may be on the store all the same.
        if (!_clones.TryGetValue(id, out var clone))
            clone = AddClone(id, delete.Disk.Driver);
        Remove(clone, Sender, delete.Attempt);
    }

    private void OnMade(SnapshotProtocol.Made made)
    {
        if (Find(Sender) is not { Requester: { } requester, IsLeaving: false } clone)
            return;
        if (made.Created)
            _tally.Cloned();
        SetBytes(clone, made.Disk.AllocatedBytes);
        (clone.Requester, clone.Make) = (null, null);
        clone.IsChanging = clone.IsArriving = false;
        (_uses, _lastUsedAt) = (_uses + 1, _time.GetUtcNow());
        requester.Tell(new DiskMade(clone.Attempt, made.Disk, clone.BaseWait));
        if (clone.HasAskedForRoom)
            Context.Parent.Tell(new RoomUsed(_key, clone.Id.Instance, clone.Id.Disk));
        clone.HasAskedForRoom = false;
        if (made.Disk.BackingFile is null)
            LetGo(clone);
        ReportSoon();
    }

    private void OnGone()
    {
        if (Find(Sender) is not { } clone)
            return;
        clone.Requester?.Tell(new DiskDeleted(clone.Attempt, clone.Id.Disk));
        clone.Requester = null;
        Forget(clone);
    }

    private void OnNotMade(LaunchError error)
    {
        // One that is to be removed is: its actor's end begins the removal again.
        if (Find(Sender) is not { IsLeaving: false } clone || TryAgain(clone, error))
            return;
        clone.Requester?.Tell(new DiskFailed(clone.Attempt, clone.Id.Disk, error));
        Forget(clone);
    }

    private void OnNotRemoved(LaunchError error)
    {
        if (Find(Sender) is not { } clone)
            return;
        clone.Requester?.Tell(new DiskFailed(clone.Attempt, clone.Id.Disk, error));
        clone.Requester = null;
    }

    // A clone's actor that ends without a word has crashed: its disk is as it was.
    private void OnChildEnded(IActorRef child)
    {
        if (Find(child) is not { } clone)
            return;
        var allocated = clone.AllocatedBytes;
        Forget(clone);
        if (clone is { IsChanging: true, IsLeaving: false })
        {
            OnChangeCrashed(clone, allocated);
        }
        else if (clone.Requester is null && !clone.IsLeaving)
        {
            SetBytes(AddClone(clone.Id, clone.Driver), allocated);
        }
        else if (clone is { Requester: { } requester, IsLeaving: true, IsSecondTry: false })
        {
            var next = AddClone(clone.Id, clone.Driver);
            next.IsSecondTry = true;
            Remove(next, requester, clone.Attempt);
        }
        else
        {
            clone.Requester?.Tell(new DiskFailed(clone.Attempt, clone.Id.Disk, new LaunchError(
                LaunchErrorCode.VolumeDriver,
                $"disk {clone.Id.Disk} of instance {clone.Id.Instance}: its actor crashed; the "
                    + "host's log says why",
                IsRetryable: true)));
        }
    }

    private static void Remove(Clone clone, IActorRef requester, LaunchFence attempt)
    {
        clone.Await(requester, attempt, TimeSpan.Zero);
        clone.IsLeaving = true;
        clone.Child.Tell(new SnapshotProtocol.Remove());
    }

    private Clone AddClone(CloneId id, string driverName)
    {
        var (driver, instance, disk) = (_host.Drivers.Of(driverName), id.Instance, id.Disk);
        var every = _host.Limits.ProgressEvery;
        var child = Context.ActorOf(
            Props.Create(() => new SnapshotActor(instance, disk, driver, every)),
            $"{instance}.{disk}.{++_clonesStarted}");
        var clone = new Clone(id, child, driverName);
        _clones[id] = clone;
        _byChild[child] = id;
        Context.Watch(child);
        return clone;
    }

    private Clone? Find(IActorRef child) =>
        _byChild.TryGetValue(child, out var id) && _clones.TryGetValue(id, out var clone)
            && clone.Child.Equals(child)
            ? clone
            : null;

    private void Forget(Clone clone)
    {
        SetBytes(clone, 0);
        _clones.Remove(clone.Id);
        _byChild.Remove(clone.Child);
        if (clone is { HasAskedForRoom: true, IsAwaitingRoom: false })
            Context.Parent.Tell(new RoomUsed(_key, clone.Id.Instance, clone.Id.Disk));
        if (_clones.Count == 0 && _state == BaseState.Quarantined)
        {
            _retryAt = _time.GetUtcNow();
            Self.Tell(RetryRebuild.Instance);
        }

        ReportSoon();
    }

    private readonly record struct CloneId(InstanceId Instance, DiskName Disk);

    private sealed class Clone(CloneId id, IActorRef child, string driver)
    {
        public CloneId Id => id;

        public IActorRef Child => child;

        public string Driver => driver;

        public IActorRef? Requester { get; set; }

        public LaunchFence Attempt { get; private set; }

        public TimeSpan BaseWait { get; private set; }

        public long AllocatedBytes { get; set; }

        /// <summary>What is being made; null: it is made, or was found.</summary>
        public Waiter? Make { get; set; }

        public CloneRequest? Request { get; private set; }

        /// <summary>Which making of the base it was begun from.</summary>
        public int Generation { get; set; }

        public bool HasAskedForRoom { get; set; }

        public bool IsAwaitingRoom { get; set; }

        public bool IsLeaving { get; set; }

        /// <summary>The disk is being changed; its requester is the one who asked for that.
        /// </summary>
        public bool IsChanging { get; set; }

        /// <summary>The disk exists, and is not yet a clone of this base.</summary>
        public bool IsArriving { get; set; }

        /// <summary>Its removal has lost one actor already.</summary>
        public bool IsSecondTry { get; set; }

        public void Await(IActorRef requester, LaunchFence attempt, TimeSpan baseWait) =>
            (Requester, Attempt, BaseWait) = (requester, attempt, baseWait);

        public void Begin(Waiter make, CloneRequest request, TimeSpan baseWait)
        {
            Await(make.Requester, make.Make.Attempt, baseWait);
            (Make, Request) = (make, request);
        }
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
