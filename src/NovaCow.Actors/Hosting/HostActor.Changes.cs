using NovaCow.Actors.Protocols;
using NovaCow.Actors.Telemetry;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;
using NovaCow.Runtime.Actors;
using static NovaCow.Actors.Protocols.BaseVolumeProtocol;

namespace NovaCow.Actors.Hosting;

/// <summary>Changes of instances' disks: fenced, given their turn, and told upward. Which disk is
/// changed how is for the instance to say.</summary>
public sealed partial class HostActor
{
    private void ChangeHandlers()
    {
        Receive<HostProtocol.Change>(change => ToInstance(
            change.Id, change.Fence, new InstanceProtocol.Change(change.Number, change.What)));
        Receive<HostProtocol.CancelChange>(cancel => ToInstance(
            cancel.Id, cancel.Fence,
            new InstanceProtocol.CancelChange(cancel.Number, cancel.Kind)));
        Receive<InstanceProtocol.AskToChange>(OnAskToChange);
        Receive<InstanceProtocol.EndTurn>(end => _changes.End(end.Id));
        Receive<InstanceProtocol.Changing>(OnChanging);
        Receive<InstanceProtocol.Rewritten>(rewritten =>
        {
            if (FromInstance(rewritten.Record.Id) is { } entry)
                (entry.Record, entry.Disks) = (rewritten.Record, rewritten.Record.Disks);
        });
        Receive<InstanceProtocol.ChangeEnded>(OnChangeEnded);
        Receive<ChangeDisk>(OnChangeDisk);
        Receive<CancelDiskChange>(cancel => ToBase(cancel.Base, cancel));
        Receive<LetDiskGo>(letGo => ToBase(letGo.Base, letGo));
    }

    // An instance that is not here was found missing when this host said hello.
    private void ToInstance(InstanceId id, LaunchFence fence, IInstanceMessage message)
    {
        if (_admission.Newest(id)?.Attempt != fence.Attempt
            || Admit(id, fence) != Admission.SameAttempt
            || !_instances.TryGetValue(id, out var entry)
            || entry.State is not (InstanceState.Prepared or InstanceState.Active)
            || entry.Ref is null)
        {
            _log.Warning(
                "instance {0}: a change with fence {1} was refused: its disks are not here, or "
                    + "not to be changed", id, fence);
            return;
        }

        entry.Ref.Tell(message);
    }

    private void ToBase(BaseKey key, IBaseVolumeMessage message)
    {
        if (_bases.TryGetValue(key, out var entry))
            RefOf(entry).Forward(message);
    }

    private void OnAskToChange(InstanceProtocol.AskToChange ask)
    {
        if (FromInstance(ask.Id) is null)
            return;
        if (ask.IsCapture)
            _captureNumber++;
        var owned = ask.Owned.Sum(
            key => _bases.TryGetValue(key, out var entry) ? entry.Volume?.AllocatedBytes ?? 0 : 0);
        _changes.Ask(Sender, ask.Id, owned + ask.BesideBytes);
    }

    private void OnChanging(InstanceProtocol.Changing changing)
    {
        if (FromInstance(changing.Id) is { } entry)
        {
            Say(new SchedulerProtocol.ChangeProgressed(
                _host.Id, changing.Id, entry.Fence, changing.Number, changing.Progress));
        }
    }

    private void OnChangeEnded(InstanceProtocol.ChangeEnded m)
    {
        if (FromInstance(m.Id) is not { } entry)
            return;
        var outcome = m.Outcome;
        var ended = new SchedulerProtocol.EndedChange(
            outcome.Number, m.Kind, entry.Disks, outcome.Bytes)
        {
            Captured = outcome.Captured,
        };
        DomainMetrics.CountChange(m.Kind, LaunchChange.PhaseOf(outcome.Error));
        Say(outcome.Error is { } error
            ? new SchedulerProtocol.ChangeFailed(_host.Id, m.Id, entry.Fence, ended, error)
            : new SchedulerProtocol.Changed(_host.Id, m.Id, entry.Fence, ended));
    }

    private void OnChangeDisk(ChangeDisk change)
    {
        var (attempt, request) = (change.Attempt, change.Request);
        if (request.Disk.BackingFile is { } key && _bases.TryGetValue(key, out var entry))
        {
            RefOf(entry).Forward(change);
            return;
        }

        // A disk that is a clone of nothing known here: no actor owns it.
        _ = ChangeAsync(request).PipeTo(
            Sender,
            Self,
            success: disk => new DiskMade(attempt, disk, TimeSpan.Zero),
            failure: cause => new DiskFailed(attempt, request.Disk.Name, Failures.ToError(
                cause, $"changing disk {request.Disk.Name} of instance {request.Instance}")));
    }

    private async Task<InstanceDisk> ChangeAsync(DiskChangeRequest request) =>
        await _host.Drivers.Of(request.Disk.Driver).ChangeDiskAsync(
            request, null, CancellationToken.None);
}
