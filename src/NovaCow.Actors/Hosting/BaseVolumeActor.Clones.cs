using NovaCow.Actors.Protocols;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Runtime.Actors;
using static NovaCow.Actors.Protocols.BaseVolumeProtocol;

namespace NovaCow.Actors.Hosting;

/// <summary>The base's clones: a SnapshotActor each, from the asking for its disk to its removal.
/// What they say is said on to whoever asked.</summary>
internal sealed partial class BaseVolumeActor
{
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
}
