using NovaCow.Actors.Protocols;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Runtime.Actors;
using static NovaCow.Actors.Protocols.BaseVolumeProtocol;

namespace NovaCow.Actors.Hosting;

/// <summary>How disks get the room that they need, and a second chance where the first try met a
/// full store or a damaged base.</summary>
internal sealed partial class BaseVolumeActor
{
    private const long RoomOfAClone = 1 << 20;

    // Needs no room of its own where it shares its base's.
    private void MakeOrAskForRoom(Clone clone)
    {
        if (clone.Driver == DriverName.Copy)
            AskForRoom(clone, _volume!.AllocatedBytes);
        else
            clone.Child.Tell(new SnapshotProtocol.Make(clone.Request!));
    }

    private void AskForRoom(Clone clone, long bytes)
    {
        (clone.HasAskedForRoom, clone.IsAwaitingRoom) = (true, true);
        Context.Parent.Tell(new AskForRoom(_key, clone.Id.Instance, clone.Id.Disk, bytes));
    }

    private void OnRoom(Room room)
    {
        var id = new CloneId(room.Instance, room.Disk);
        if (!_clones.TryGetValue(id, out var clone) || !clone.IsAwaitingRoom || clone.IsLeaving)
        {
            Context.Parent.Tell(new RoomUsed(_key, room.Instance, room.Disk));
            return;
        }

        clone.IsAwaitingRoom = false;
        if (room.Error is null)
        {
            clone.Child.Tell(new SnapshotProtocol.Make(clone.Request!));
            return;
        }

        clone.Requester?.Tell(new DiskFailed(clone.Attempt, id.Disk, room.Error));
        Forget(clone);
        Context.Stop(clone.Child);
    }

    // What was asked of the base as it was is asked of the one that takes its place; what found no
    // room, once more when some was made.
    private bool TryAgain(Clone clone, LaunchError error) => clone.Make is { } make
        && error.Code switch
        {
            LaunchErrorCode.DamagedBase => WaitForAnother(clone, make, error),
            LaunchErrorCode.InsufficientStorage => WaitForRoom(clone, make),
            _ => false,
        };

    private bool WaitForAnother(Clone clone, Waiter make, LaunchError error)
    {
        var isToBeRebuilt = _state is not BaseState.Quarantined || _reading is not null;
        if (make.IsSecondTry || !isToBeRebuilt)
            return false;
        Forget(clone);
        if (_state == BaseState.Ready && clone.Generation != _attempt)
        {
            StartClone(make, clone.BaseWait);
            return true;
        }

        _waiters.Add(make with { IsSecondTry = true });
        if (_state == BaseState.Ready)
            Quarantine(error.Message);
        return true;
    }

    private bool WaitForRoom(Clone clone, Waiter make)
    {
        if (clone.HasAskedForRoom)
            return false;
        Forget(clone);
        var next = AddClone(clone.Id, clone.Driver);
        next.Begin(make, clone.Request!, clone.BaseWait);
        AskForRoom(next, RoomOfAClone);
        return true;
    }
}
