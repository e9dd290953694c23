using NovaCow.Actors.Protocols;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;
using NovaCow.Runtime.Actors;
using static NovaCow.Actors.Protocols.BaseVolumeProtocol;

namespace NovaCow.Actors.Hosting;

/// <summary>
/// The instance is made anew of an image: first what it boots with beside its disk, then the disk,
/// each beside what it was before; one record names all of it; then what it was goes. Until that
/// record is published the machine boots as it did, and what was made is removed again when the
/// rebuild ends otherwise.
/// </summary>
internal sealed partial class InstanceActor
{
    // That it ran is written down first: a crash must not leave it off.
    private void BeginRebuild(RunningChange change)
    {
        if (Plan(change).Refusal is { } refusal)
        {
            EndChange(refusal);
        }
        else if (_host.Machines is null || (!IsOn && !_record!.StartsAfterChange))
        {
            Measure();
        }
        else
        {
            PublishThen(
                _record! with { StartsAfterChange = true },
                () => Stop(0, () =>
                {
                    change.Stage = ChangeStage.Measuring;
                    Measure();
                }));
        }
    }

    private void NextOfRebuild(RunningChange change, InstanceChange.Rebuild rebuild)
    {
        if (change.Step is not null)
        {
            EndRebuild(change, null);
        }
        else if (_isRemovalWanted || change.IsCancelled)
        {
            EndRebuild(change, Cancelled());
        }
        else if (RebuildPlan.NextBootFile(rebuild, _record!, change.Made) is { } file)
        {
            var driver = _record!.Disks.First(d => d.Name == DiskName.Root).Driver;
            (change.Stage, change.Making) = (ChangeStage.Changing, file);
            Context.Parent.Tell(new MakeDisk(_id, _attempt, file, driver));
        }
        else
        {
            NextDisk(change);
        }
    }

    private void OnBootFileMade(RunningChange change, InstanceDisk file)
    {
        change.Making = null;
        change.Made = [.. change.Made, file];
        _plan = [.. _plan, RefOf(file)];
        NextStep();
    }

    /// <summary>Ends a change in the middle: what was made for it alone goes first.</summary>
    private void StopChange(LaunchError? error)
    {
        var change = _change!;
        change.Making = null;
        if (change.What is InstanceChange.Rebuild)
            EndRebuild(change, error);
        else
            EndChange(error);
    }

    /// <summary>Removes what the record does not name of what the instance boots or booted with,
    /// one after the other; then the change is over.</summary>
    private void EndRebuild(RunningChange change, LaunchError? error)
    {
        change.Error = error;
        var left = _plan.FirstOrDefault(d => d.Name.IsBootFile && !IsStillOurs(d));
        if (left is null || _isRemovalWanted)
        {
            EndChange(error);
            return;
        }

        (change.Stage, change.Dropped) = (ChangeStage.Dropping, left);
        Context.Parent.Tell(new DeleteDisk(_id, _attempt, left));
    }
}
