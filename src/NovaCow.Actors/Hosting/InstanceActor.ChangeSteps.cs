using NovaCow.Actors.Protocols;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;
using NovaCow.Runtime.Actors;
using static NovaCow.Actors.Protocols.BaseVolumeProtocol;

namespace NovaCow.Actors.Hosting;

/// <summary>A change of the instance's disks, disk by disk: each is changed by its base's actor,
/// then published in the record, then rid of what it was.</summary>
internal sealed partial class InstanceActor
{
    private (IReadOnlyList<ChangeStep> Steps, LaunchError? Refusal) Plan(RunningChange change) =>
        ChangePlan.For(change.What!, _record!, _host.Drivers.Names);

    private void NextStep()
    {
        var change = _change!;
        var isUnwanted = _isRemovalWanted || change.IsCancelled;
        if (change.What is InstanceChange.Rebuild rebuild)
        {
            NextOfRebuild(change, rebuild);
            return;
        }

        if (change.What is InstanceChange.Capture capture)
        {
            if (isUnwanted)
                EndChange(Cancelled());
            else
                Capture(change, capture);
            return;
        }

        if (isUnwanted)
        {
            var left = Plan(change).Steps.Count;
            EndChange(left == 0 && !_isRemovalWanted ? null : Cancelled());
            return;
        }

        NextDisk(change);
    }

    private void NextDisk(RunningChange change)
    {
        var (steps, refusal) = Plan(change);
        if (refusal is not null || steps.Count == 0)
        {
            StopChange(refusal);
            return;
        }

        var step = steps[0];
        if (change.Step?.Disk.Name == step.Disk.Name)
        {
            EndChange(new LaunchError(
                LaunchErrorCode.VolumeDriver,
                $"disk {step.Disk.Name} of instance {_id}: driver {step.Driver} left it as it was; "
                    + "try again",
                IsRetryable: true));
            return;
        }

        (change.Stage, change.Step) = (ChangeStage.Changing, step);
        Context.Parent.Tell((IBaseVolumeMessage)(step.Base is { } wanted
            ? new MakeDisk(
                _id,
                _attempt,
                new PlannedDisk(step.Disk.Name, "", wanted, step.Disk.VirtualSizeBytes),
                step.Driver)
            {
                Existing = step.Disk,
                Rebuilds = step.Change is DiskChange.Rebuild,
            }
            : new ChangeDisk(_attempt, new DiskChangeRequest(_id, step.Disk, step.Change))));
    }

    private void OnDiskChanging(DiskChanging changing)
    {
        var change = _change!;
        // Each disk tells at its own pace; together they would tell too often.
        if (_time.GetUtcNow() < change.SilentUntil)
            return;
        change.SilentUntil = _time.GetUtcNow() + _host.Limits.ProgressEvery;
        Context.Parent.Tell(new InstanceProtocol.Changing(_id, change.Number, new ChangeProgress(
            Math.Min(change.DoneBytes + changing.DoneBytes, change.TotalBytes),
            change.TotalBytes)));
    }

    private void OnDiskChanged(InstanceDisk disk)
    {
        var (change, old) = (_change!, _change!.Step!.Disk);
        var made = new DiskRef(disk.Name, disk.BackingFile, disk.Driver);
        if (disk.Path != old.Path)
        {
            if (made != RefOf(old))
                _plan = [.. _plan, made];
        }
        else
        {
            // The disk itself says which base it has, whatever its record says.
            _plan = [.. _plan.Select(d => d.Name == disk.Name ? made : d)];
            if (old.BackingFile is { } left && left != disk.BackingFile)
                Context.Parent.Tell(new LetDiskGo(_id, disk.Name, left));
        }

        change.Stage = ChangeStage.Publishing;
        change.Unpublished = change.What is InstanceChange.Rebuild rebuild
            ? RebuildPlan.Done(rebuild, _record!, disk, change.Made)
            : WithDisk(_record!, disk.Name, disk.PluggedAs);
        Publish();
    }

    private void Publish()
    {
        if (_isSaving)
            return;
        if (_isRemovalWanted)
        {
            Remove();
            return;
        }

        _isSaving = true;
        var record = _change!.Unpublished!;
        _ = _host.Store.SaveInstanceAsync(record, CancellationToken.None).PipeTo(
            Self,
            success: () => new Published(record, null),
            failure: cause => new Published(record, cause));
    }

    /// <summary>Publishes a record in the middle of a change, and goes on.</summary>
    private void PublishThen(InstanceRecord record, Action then)
    {
        var change = _change!;
        (change.Stage, change.Unpublished, change.Then) = (ChangeStage.Publishing, record, then);
        Publish();
    }

    private void OnPublished(Published published)
    {
        _isSaving = false;
        var change = _change!;
        if (published.Failure is { } cause)
        {
            PublishLater(ToError(cause, $"record of instance {_id}"));
            return;
        }

        (_record, change.Unpublished, _failures) = (published.Record, null, 0);
        Context.Parent.Tell(new InstanceProtocol.Rewritten(published.Record));
        if (change.Then is { } then)
        {
            change.Then = null;
            then();
            return;
        }

        if (change.Stage == ChangeStage.Ending)
        {
            ChangeIsOver(published.Record.LastChange!);
            return;
        }

        var old = change.Step!.Disk;
        if (_record.Disks.Any(d => d.Path == old.Path))
        {
            StepEnded();
            return;
        }

        change.Stage = ChangeStage.Leaving;
        // What is a clone of the same base keeps its reference; only the old file goes.
        var left = RefOf(old);
        Context.Parent.Tell(new DeleteDisk(
            _id, _attempt, IsStillOurs(left) ? left with { Base = null } : left));
    }

    private void PublishLater(LaunchError error)
    {
        _failures++;
        var pause = _host.Limits.RemovalRetry.After(_failures, _host.Jitter());
        Context.GetLogger().Warning(
            "instance {0}: its record is not published: {1}; tried again in {2}",
            _id, error.Message, pause);
        Timers.StartSingleTimer(PublishAgain.Instance, PublishAgain.Instance, pause);
    }

    private void OnOldDiskStays(LaunchError error)
    {
        Context.GetLogger().Warning(
            "instance {0}: a disk that it has no longer stays until the next start: {1}",
            _id, error.Message);
        StepEnded();
    }

    private void StepEnded()
    {
        var (change, old) = (_change!, _change!.Step!.Disk);
        if (change.Stage == ChangeStage.Leaving && !IsStillOurs(RefOf(old)))
            _plan = [.. _plan.Where(d => d != RefOf(old))];
        change.DoneBytes += old.VirtualSizeBytes;
        if (_isRemovalWanted)
            Remove();
        else
            NextStep();
    }

    private bool IsStillOurs(DiskRef disk) => _record!.Disks.Any(d => RefOf(d) == disk);

    private static DiskRef RefOf(InstanceDisk disk) =>
        new(disk.Name, disk.BackingFile, disk.Driver);

    private enum ChangeStage
    {
        Measuring,
        AwaitingTurn,
        Changing,
        Publishing,
        Leaving,
        Machine,
        Dropping,
        Ending,
    }

    private sealed class RunningChange(int number, ChangeKind kind, InstanceChange? what)
    {
        public int Number => number;

        public ChangeKind Kind => kind;

        /// <summary>What is done; null for one that is only to be recorded as cancelled.</summary>
        public InstanceChange? What => what;

        public ChangeStage Stage { get; set; } = ChangeStage.Measuring;

        public ChangeStep? Step { get; set; }

        /// <summary>The base whose actor does the step; null: the host does.</summary>
        public BaseKey? Base =>
            Making?.Base.Key() ?? Step?.Base?.Key() ?? Step?.Disk.BackingFile;

        /// <summary>What is being made or changed.</summary>
        public DiskName? Disk => Making?.Name ?? Step?.Disk.Name;

        public InstanceRecord? Unpublished { get; set; }

        public LaunchError? Error { get; set; }

        public bool IsCancelled { get; set; }

        /// <summary>What the change makes of the record at its end, beside saying how it ended.
        /// </summary>
        public Func<InstanceRecord, InstanceRecord>? Final { get; set; }

        /// <summary>What follows once the record is published; null: the next step.</summary>
        public Action? Then { get; set; }

        /// <summary>The further disk, or the file to boot with, that is being made.</summary>
        public PlannedDisk? Making { get; set; }

        /// <summary>What a rebuild has made for the instance to boot with.</summary>
        public IReadOnlyList<InstanceDisk> Made { get; set; } = [];

        /// <summary>The further disk, or the file to boot with, that is being removed.</summary>
        public DiskRef? Dropped { get; set; }

        /// <summary>Whether the machine that was stopped for it was started again, or could not be.
        /// </summary>
        public bool IsRestarted { get; set; }

        public Image? Captured { get; set; }

        public long? BytesBefore { get; set; }

        public DateTimeOffset SilentUntil { get; set; }

        public long DoneBytes { get; set; }

        public long TotalBytes { get; set; }
    }

    private sealed record Measured(
        int Number, IReadOnlyList<DiskUsage> Disks, Exception? Failure);

    private sealed record Published(InstanceRecord Record, Exception? Failure);

    private sealed class PublishAgain
    {
        public static PublishAgain Instance { get; } = new();
    }
}
