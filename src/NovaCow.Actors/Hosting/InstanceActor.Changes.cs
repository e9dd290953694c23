using NovaCow.Actors.Protocols;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;
using NovaCow.Runtime.Actors;
using static NovaCow.Actors.Protocols.BaseVolumeProtocol;

namespace NovaCow.Actors.Hosting;

/// <summary>
/// Changes of the instance's disks, one at a time: measure, wait for a turn, then disk by disk
/// change it, publish the record that says so, and remove what it was before. How a change ended is
/// in the record before it is said, so that it is not done twice. What is to be done next is read
/// off the record each time, so that a change goes on after a crash where it was.
/// </summary>
internal sealed partial class InstanceActor
{
    private InstanceRecord? _record;
    private RunningChange? _change;
    private InstanceProtocol.Change? _nextChange;
    private bool _isRemovalWanted;

    private void ChangeHandlers()
    {
        Receive<InstanceProtocol.Change>(OnChange);
        Receive<InstanceProtocol.CancelChange>(OnCancelChange);
        Receive<InstanceProtocol.MayChange>(
            _ => NextStep(), _ => _change is { Stage: ChangeStage.AwaitingTurn });
        Receive<InstanceProtocol.MayNotChange>(
            m => EndChange(m.Error), _ => _change is { Stage: ChangeStage.AwaitingTurn });
        Receive<Measured>(OnMeasured);
        Receive<DiskChanging>(OnDiskChanging, _ => _change is
            { Stage: ChangeStage.Changing or ChangeStage.Machine });
        Receive<DiskMade>(
            made => OnFurtherMade(_change!, made.Disk), made => IsMaking(made.Disk.Name));
        Receive<DiskFailed>(
            failed => StopChange(failed.Error), failed => IsMaking(failed.Disk));
        Receive<DiskDeleted>(
            _ => OnDropped(null), _ => _change is { Stage: ChangeStage.Dropping });
        Receive<DiskFailed>(
            failed => OnDropped(failed.Error), _ => _change is { Stage: ChangeStage.Dropping });
        Receive<DiskMade>(
            made => OnDiskChanged(made.Disk), made => IsAwaited(made.Disk.Name));
        Receive<DiskFailed>(
            failed => StopChange(failed.Error), failed => IsAwaited(failed.Disk));
        Receive<DiskDeleted>(
            _ => StepEnded(), _ => _change is { Stage: ChangeStage.Leaving });
        Receive<DiskFailed>(
            failed => OnOldDiskStays(failed.Error), _ => _change is { Stage: ChangeStage.Leaving });
        Receive<Published>(OnPublished);
        Receive<PublishAgain>(_ => Publish(), _ => _change is { Unpublished: not null });
        // Turns and answers that came too late.
        Receive<InstanceProtocol.MayChange>(_ => { });
        Receive<InstanceProtocol.MayNotChange>(_ => { });
        Receive<DiskChanging>(_ => { });
        Receive<DiskMade>(_ => { });
        Receive<DiskFailed>(_ => { });
        Receive<DiskDeleted>(_ => { });
    }

    private bool IsAwaited(DiskName disk) =>
        _change is { Stage: ChangeStage.Changing, Step: { } step } && step.Disk.Name == disk;

    private bool IsMaking(DiskName disk) =>
        _change is { Stage: ChangeStage.Changing, Making: { } making } && making.Name == disk;

    private void OnChange(InstanceProtocol.Change change)
    {
        if (IsOver(change.Number, change.What.Kind))
            return;
        if (_change is null)
        {
            Begin(change);
        }
        else if (change.Number > _change.Number)
        {
            _nextChange = change;
            CancelChange(_change);
        }
    }

    private void OnCancelChange(InstanceProtocol.CancelChange cancel)
    {
        if (IsOver(cancel.Number, cancel.Kind))
            return;
        if (_change is null)
        {
            // It never came here, and must not begin when it comes late.
            _change = new RunningChange(cancel.Number, cancel.Kind, null);
            EndChange(Cancelled());
        }
        else if (_change.Number <= cancel.Number)
        {
            _nextChange = null;
            CancelChange(_change);
        }
    }

    private bool IsOver(int number, ChangeKind kind)
    {
        if (_record!.LastChange is not { } last || last.Number < number)
            return false;
        if (last.Number == number)
            Context.Parent.Tell(new InstanceProtocol.ChangeEnded(_id, kind, last));
        return true;
    }

    private void Begin(InstanceProtocol.Change change)
    {
        _change = new RunningChange(change.Number, change.What.Kind, change.What);
        switch (change.What)
        {
            case InstanceChange.Resize or InstanceChange.Flatten or InstanceChange.Rebase
                or InstanceChange.Migrate when IsOn:
                EndChange(Runs());
                break;
            case InstanceChange.Resize or InstanceChange.Flatten or InstanceChange.Rebase
                or InstanceChange.Migrate:
                Measure();
                break;
            default:
                BeginLife(_change);
                break;
        }
    }

    private void CancelChange(RunningChange change)
    {
        change.IsCancelled = true;
        if (change.Stage == ChangeStage.AwaitingTurn)
            EndChange(Cancelled());
        else if (change.Stage == ChangeStage.Machine)
            _call?.Cancel.Cancel();
        else if (change is { Stage: ChangeStage.Changing, Base: { } key, Disk: { } disk })
            Context.Parent.Tell(new CancelDiskChange(_id, disk, key));
    }

    private LaunchError Runs() => new(
        LaunchErrorCode.InvalidRequest,
        $"instance {_id}: its machine runs; stop it first: novacow instance stop {_id}",
        IsRetryable: true);

    private LaunchError Cancelled() => new(
        LaunchErrorCode.Cancelled,
        $"instance {_id}: the {_change!.Kind.ToString().ToLowerInvariant()} of its disks was "
            + "cancelled",
        IsRetryable: true);

    private void Measure()
    {
        var (number, id) = (_change!.Number, _id);
        _ = _host.Drivers.MeasureAsync(CancellationToken.None).PipeTo(
            Self,
            success: usage => new Measured(
                number, [.. usage.Disks.Where(d => d.Instance == id)], null),
            failure: cause => new Measured(number, [], cause));
    }

    private void OnMeasured(Measured measured)
    {
        if (_change is not { } change || change.Number != measured.Number)
            return;
        if (measured.Failure is { } cause)
        {
            Context.GetLogger().Warning(
                "instance {0}: its disks were not measured: {1}", _id, cause.Message);
        }

        long? bytes = measured.Failure is null ? measured.Disks.Sum(d => d.UniqueBytes) : null;
        if (change.Stage == ChangeStage.Ending)
        {
            RecordEnd(change.BytesBefore is { } before && bytes is { } after
                ? new ChangeBytes(before, after)
                : null);
            return;
        }

        change.BytesBefore = bytes;
        if (_isRemovalWanted || change.IsCancelled)
            EndChange(Cancelled());
        else
            AskForTurn(change, measured.Disks);
    }

    private void AskForTurn(RunningChange change, IReadOnlyList<DiskUsage> usage)
    {
        if (change.What is InstanceChange.Capture)
        {
            AskForRoomToCapture(change, usage);
            return;
        }

        var (steps, refusal) = Plan(change);
        if (refusal is not null || steps.Count == 0)
        {
            EndChange(refusal);
            return;
        }

        change.TotalBytes = steps.Sum(s => s.Disk.VirtualSizeBytes);
        change.Stage = ChangeStage.AwaitingTurn;
        // A disk that comes to own its bytes is written anew beside what it was.
        var flattened = steps.Where(s => s.Change is DiskChange.Flatten).ToList();
        var beside = flattened.Select(s => usage.FirstOrDefault(u => u.Disk == s.Disk.Name) is { } u
            ? u.SharedBytes + u.UniqueBytes
            : s.Disk.AllocatedBytes);
        Context.Parent.Tell(new InstanceProtocol.AskToChange(
            _id,
            [.. flattened.Select(s => s.Disk.BackingFile!)],
            beside.DefaultIfEmpty().Max()));
    }

    // A running disk is copied whole before its image is made of the copy.
    private void AskForRoomToCapture(RunningChange change, IReadOnlyList<DiskUsage> usage)
    {
        var root = _record!.Disks.First(d => d.Name == DiskName.Root);
        var own = usage.FirstOrDefault(u => u.Disk == DiskName.Root) is { } u
            ? u.SharedBytes + u.UniqueBytes
            : root.AllocatedBytes;
        change.Stage = ChangeStage.AwaitingTurn;
        IReadOnlyList<BaseKey> held = root.BackingFile is { } key ? [key] : [];
        Context.Parent.Tell(new InstanceProtocol.AskToChange(
            _id, IsOn ? [.. held, .. held] : held, IsOn ? 2 * own : own) { IsCapture = true });
    }

    private void EndChange(LaunchError? error)
    {
        var change = _change!;
        if (_record!.StartsAfterChange && !change.IsRestarted && !_isRemovalWanted)
        {
            Restart(change, error);
            return;
        }

        (change.Stage, change.Error) = (ChangeStage.Ending, error);
        Context.Parent.Tell(new InstanceProtocol.EndTurn(_id));
        if (_isRemovalWanted)
            Remove();
        else if (change.Step is null)
            RecordEnd(change.BytesBefore is { } bytes ? new ChangeBytes(bytes, bytes) : null);
        else
            Measure();
    }

    private void RecordEnd(ChangeBytes? bytes)
    {
        var change = _change!;
        var record = change.Final?.Invoke(_record!) ?? _record!;
        change.Unpublished = record with
        {
            LastChange = new ChangeOutcome(change.Number, change.Error, bytes)
            {
                Captured = change.Captured,
            },
        };
        Publish();
    }

    private void ChangeIsOver(ChangeOutcome outcome)
    {
        Context.Parent.Tell(new InstanceProtocol.ChangeEnded(_id, _change!.Kind, outcome));
        _change = null;
        NotePower();
        if (_isRemovalWanted)
            Remove();
        else if (_nextChange is { } next)
        {
            _nextChange = null;
            OnChange(next);
        }
    }

    // What is being done to a disk must have ended before the disk is removed.
    private void RemoveOnceUnchanged()
    {
        _isRemovalWanted = true;
        if (_change is not null)
            CancelChange(_change);
        else if (_call is not null)
            _call.Cancel.Cancel();
        else
            Remove();
    }

    private void OnBaseLostWhileChanging(BaseKey key)
    {
        if (_change is { Stage: ChangeStage.Leaving, Step.Disk.BackingFile: { } old } && old == key)
            StepEnded();
        else if (_change is { Stage: ChangeStage.Dropping, Dropped.Base: { } lost } && lost == key)
            OnDropped(null);
        else if (_change is { Stage: ChangeStage.Changing, Base: { } used } && used == key)
        {
            StopChange(new LaunchError(
                LaunchErrorCode.VolumeDriver,
                $"instance {_id}: base {key} was lost while a disk was changed; the host's log "
                    + "says why",
                IsRetryable: true));
        }
    }
}
