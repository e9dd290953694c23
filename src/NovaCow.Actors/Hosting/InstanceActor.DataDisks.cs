using NovaCow.Actors.Protocols;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;
using NovaCow.Runtime.Actors;
using static NovaCow.Actors.Protocols.BaseVolumeProtocol;

namespace NovaCow.Actors.Hosting;

/// <summary>Disks that are attached to the instance later, and detached: one is in the record
/// before it is plugged in, and out of the machine before it leaves the record.</summary>
internal sealed partial class InstanceActor
{
    private InstanceDisk? DataDisk(DiskName name) =>
        _record!.Disks.FirstOrDefault(d => d.Name == name);

    private void BeginAttach(RunningChange change, InstanceChange.Attach attach)
    {
        if (DataDisk(attach.Disk) is not null)
        {
            PlugIn(change, attach);
        }
        else if (attach.Blank is not { } blank)
        {
            EndChange(NoSuchDisk(attach.Disk));
        }
        else
        {
            var driver = _record!.Disks.First(d => d.Name == DiskName.Root).Driver;
            var disk = new PlannedDisk(
                attach.Disk, attach.Device, new BaseContent.OfBlank(blank), blank.SizeBytes);
            (change.Stage, change.Making) = (ChangeStage.Changing, disk);
            Context.Parent.Tell(new MakeDisk(_id, _attempt, disk, driver));
        }
    }

    private void OnFurtherMade(RunningChange change, InstanceDisk disk)
    {
        if (change.What is InstanceChange.Attach attach)
            OnDataDiskMade(change, attach, disk);
        else
            OnBootFileMade(change, disk);
    }

    private void OnDataDiskMade(
        RunningChange change, InstanceChange.Attach attach, InstanceDisk disk)
    {
        change.Making = null;
        _plan = [.. _plan, RefOf(disk)];
        PublishThen(
            _record! with
            {
                Disks = [.. _record.Disks, disk with { Device = attach.Device, IsDetached = true }],
            },
            () => PlugIn(change, attach));
    }

    private void PlugIn(RunningChange change, InstanceChange.Attach attach)
    {
        change.Stage = ChangeStage.Machine;
        change.Final = r => WithDisk(
            r, attach.Disk, d => d with { IsDetached = false, Device = attach.Device });
        var disk = DataDisk(attach.Disk)! with { Device = attach.Device };
        if (!IsOn)
        {
            EndChange(null);
            return;
        }

        var plugged = MachinePlan.DiskOf(_record!, disk, _host.Store);
        CallMachine(
            cancellation => Hypervisor.AttachAsync(_id, plugged, cancellation),
            error =>
            {
                if (error is null)
                {
                    EndChange(null);
                    return;
                }

                change.Final = null;
                if (attach.Blank is null)
                    EndChange(error);
                else
                    Drop(change, attach.Disk, error);
            });
    }

    private void BeginDetach(RunningChange change, InstanceChange.Detach detach)
    {
        if (DataDisk(detach.Disk) is not { } disk)
        {
            EndChange(detach.Delete ? null : NoSuchDisk(detach.Disk));
        }
        else if (!IsOn || disk.IsDetached)
        {
            Unplugged(change, detach);
        }
        else
        {
            CallMachine(
                cancellation => Hypervisor.DetachAsync(
                    _id, detach.Disk, _host.Machines!.UnplugPatience, cancellation),
                error =>
                {
                    if (error is not null)
                        EndChange(error);
                    else
                        Unplugged(change, detach);
                });
        }
    }

    private void Unplugged(RunningChange change, InstanceChange.Detach detach)
    {
        if (detach.Delete)
        {
            Drop(change, detach.Disk, null);
            return;
        }

        change.Final = r => WithDisk(r, detach.Disk, d => d with { IsDetached = true });
        EndChange(null);
    }

    /// <summary>Takes a disk out of the record, and then removes it.</summary>
    private void Drop(RunningChange change, DiskName name, LaunchError? error)
    {
        var disk = DataDisk(name)!;
        change.Error = error;
        PublishThen(
            _record! with { Disks = [.. _record.Disks.Where(d => d.Name != name)] },
            () =>
            {
                change.Stage = ChangeStage.Dropping;
                change.Dropped = RefOf(disk);
                Context.Parent.Tell(new DeleteDisk(_id, _attempt, change.Dropped));
            });
    }

    private void OnDropped(LaunchError? failure)
    {
        var change = _change!;
        if (failure is not null)
        {
            Context.GetLogger().Warning(
                "instance {0}: a disk that it has no longer stays until the next start: {1}",
                _id, failure.Message);
        }

        _plan = [.. _plan.Where(d => d != change.Dropped)];
        if (change.What is InstanceChange.Rebuild)
            EndRebuild(change, change.Error);
        else
            EndChange(change.Error);
    }

    private LaunchError NoSuchDisk(DiskName name) => new(
        LaunchErrorCode.InvalidRequest,
        $"instance {_id}: it has no disk {name}",
        IsRetryable: false);

    private static InstanceRecord WithDisk(
        InstanceRecord record, DiskName name, Func<InstanceDisk, InstanceDisk> change) =>
        record with
        {
            Disks = [.. record.Disks.Select(d => d.Name == name ? change(d) : d)],
        };
}
