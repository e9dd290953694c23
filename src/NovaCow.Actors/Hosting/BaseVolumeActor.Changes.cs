using NovaCow.Actors.Protocols;
using NovaCow.Core;
using NovaCow.Runtime.Actors;
using static NovaCow.Actors.Protocols.BaseVolumeProtocol;

namespace NovaCow.Actors.Hosting;

/// <summary>
/// Disks that change: where they are, or by becoming a clone of this base. One that arrives holds
/// its reference from the beginning; one that leaves holds it until it is let go.
/// </summary>
internal sealed partial class BaseVolumeActor
{
    private void ChangeHandlers()
    {
        Receive<ChangeDisk>(OnChangeDisk);
        Receive<CancelDiskChange>(OnCancelDiskChange);
        Receive<LetDiskGo>(OnLetDiskGo);
        Receive<SnapshotProtocol.NotChanged>(failed => OnNotChanged(failed.Error));
    }

    private void OnChangeDisk(ChangeDisk change)
    {
        var request = change.Request;
        var id = new CloneId(request.Instance, request.Disk.Name);
        if (!_clones.TryGetValue(id, out var clone))
            clone = AddClone(id, request.Disk.Driver);
        clone.Await(Sender, change.Attempt, TimeSpan.Zero);
        StartChange(clone, request);
    }

    private void StartChange(Clone clone, DiskChangeRequest request)
    {
        clone.IsChanging = true;
        clone.Child.Tell(new SnapshotProtocol.Change(
            request, clone.Attempt, clone.Requester!, _host.Limits.ProgressEvery));
        ReportSoon();
    }

    private void OnCancelDiskChange(CancelDiskChange cancel)
    {
        var id = new CloneId(cancel.Instance, cancel.Disk);
        var waiting = _waiters.FindIndex(
            w => w.Make.Instance == id.Instance && w.Make.Disk.Name == id.Disk);
        if (waiting >= 0)
        {
            var waiter = _waiters[waiting];
            _waiters.RemoveAt(waiting);
            waiter.Requester.Tell(new DiskFailed(waiter.Make.Attempt, id.Disk, new LaunchError(
                LaunchErrorCode.Cancelled,
                $"disk {id.Disk} of instance {id.Instance}: it waits for {_title} no longer",
                IsRetryable: true)));
            ReportSoon();
        }
        else if (_clones.TryGetValue(id, out var clone) && clone.IsChanging)
        {
            clone.Child.Tell(new SnapshotProtocol.CancelChange());
        }
    }

    private void OnLetDiskGo(LetDiskGo letGo)
    {
        var id = new CloneId(letGo.Instance, letGo.Disk);
        if (_clones.TryGetValue(id, out var clone) && !clone.IsLeaving)
            LetGo(clone);
    }

    private void OnNotChanged(LaunchError error)
    {
        if (Find(Sender) is not { IsLeaving: false, Requester: { } requester } clone)
            return;
        clone.Requester = null;
        clone.IsChanging = false;
        if (clone.IsArriving)
            LetGo(clone);
        requester.Tell(new DiskFailed(clone.Attempt, clone.Id.Disk, error));
    }

    /// <summary>Its actor crashed in the middle of a change: nobody knows which base the disk has
    /// now, so it keeps its reference to this one.</summary>
    private void OnChangeCrashed(Clone clone, long allocated)
    {
        SetBytes(AddClone(clone.Id, clone.Driver), allocated);
        clone.Requester?.Tell(new DiskFailed(clone.Attempt, clone.Id.Disk, new LaunchError(
            LaunchErrorCode.VolumeDriver,
            $"disk {clone.Id.Disk} of instance {clone.Id.Instance}: its actor crashed; the host's "
                + "log says why",
            IsRetryable: true)));
    }

    private void LetGo(Clone clone)
    {
        Context.Unwatch(clone.Child);
        Context.Stop(clone.Child);
        Forget(clone);
    }
}
