using NovaCow.Actors.Protocols;
using NovaCow.Actors.Telemetry;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;
using NovaCow.Runtime.Actors;
using static NovaCow.Actors.Protocols.HostProtocol;

namespace NovaCow.Actors.Hosting;

/// <summary>What schedulers order of instances: it is fenced, carried out once, and answered again
/// when it comes again.</summary>
public sealed partial class HostActor
{
    private string? _cluster;

    private void OnWelcome(Welcome welcome)
    {
        if (!_admission.Welcome(welcome.Epoch))
        {
            _log.Warning(
                "host {0}: a welcome of epoch {1} came after epoch {2}: its sender was deposed",
                _host.Id, welcome.Epoch, _admission.Epoch);
            return;
        }

        _cluster = welcome.Cluster;
        Keep(welcome.Kept ?? KeptBases.None);
        CapturesWelcomed();
        foreach (var verdict in welcome.Verdicts)
        {
            if (IsForeign(verdict.Id))
            {
                _log.Warning(
                    "instance {0}: another cluster launched it; it is left as it is", verdict.Id);
                continue;
            }

            switch (verdict.Verdict)
            {
                case Verdict.Commit:
                    OnCommit(verdict.Id, verdict.Fence, verdict.WasActive);
                    break;
                case Verdict.Discard:
                    OnDiscard(verdict.Id, verdict.Fence);
                    break;
                case Verdict.Unknown:
                    if (_instances.TryGetValue(verdict.Id, out var stranger))
                        stranger.IsUnaccounted = true;
                    _log.Warning(
                        "instance {0}: no launch accounts for it; it is left as it is", verdict.Id);
                    break;
            }
        }
    }

    private void OnAttempt(Attempt prepare)
    {
        if (IsTaken(prepare.Id))
        {
            SayFailed(prepare.Id, prepare.Fence, new LaunchError(
                LaunchErrorCode.VolumeDriver,
                $"instance {prepare.Id}: host {_host.Id} keeps disks of another instance of that "
                    + "id, which no launch accounts for; launch under another id",
                IsRetryable: true));
            return;
        }

        if (prepare.Drivers.FirstOrDefault(d => !_host.Drivers.Names.Contains(d)) is { } driver)
        {
            SayFailed(prepare.Id, prepare.Fence, new LaunchError(
                LaunchErrorCode.VolumeDriver,
                $"instance {prepare.Id}: host {_host.Id} has no volume driver {driver}, only "
                    + $"{string.Join(", ", _host.Drivers.Names)}",
                IsRetryable: true));
            return;
        }

        var admission = Admit(prepare.Id, prepare.Fence);
        var entry = _instances.GetValueOrDefault(prepare.Id);
        switch (admission)
        {
            case Admission.NewAttempt when entry is not null:
                entry.Next = prepare;
                Remove(entry);
                break;
            case Admission.NewAttempt:
                Begin(prepare);
                break;
            case Admission.SameAttempt when entry is { State: InstanceState.Prepared }:
                SayPrepared(entry);
                break;
            case Admission.SameAttempt when entry is { State: InstanceState.Active }:
                Say(new SchedulerProtocol.Activated(_host.Id, entry.Id, entry.Fence));
                break;
            case Admission.EndedAttempt:
                SayFailed(prepare.Id, prepare.Fence, _admission.WhyEnded(prepare.Id));
                break;
        }
    }

    // Disks that hold somebody's data must not become a new instance's.
    private bool IsTaken(InstanceId id) =>
        _damaged.ContainsKey(id)
        || IsForeign(id)
        || (_instances.TryGetValue(id, out var entry) && entry.IsUnaccounted);

    // A cluster whose journal was lost, and that began anew, may use an id again: its word on that
    // id is not about the instance that is here.
    private bool IsForeign(InstanceId id) =>
        _instances.TryGetValue(id, out var entry)
        && entry.Cluster is { } cluster && _cluster is not null && cluster != _cluster;

    private void OnCommit(InstanceId id, LaunchFence fence, bool wasActive)
    {
        if (IsForeign(id))
            return;
        var admission = Admit(id, fence);
        if (admission is Admission.StaleAttempt or Admission.StaleEpoch)
            return;
        if (admission == Admission.SameAttempt && _instances.TryGetValue(id, out var entry))
        {
            LiftFence(entry);
            if (entry.State == InstanceState.Prepared)
                entry.Ref!.Tell(new InstanceProtocol.Commit(wasActive));
            else if (entry.State == InstanceState.Active)
                Say(new SchedulerProtocol.Activated(_host.Id, id, fence));
            return;
        }

        // That it was undone may not have been heard.
        var undone = admission == Admission.EndedAttempt ? _admission.WhyEnded(id) : null;
        var error = undone ?? new LaunchError(
            LaunchErrorCode.VolumeDriver,
            $"instance {id}: host {_host.Id} does not have the disks of attempt {fence.Attempt}; "
                + "delete the instance and launch it again",
            IsRetryable: false);
        if (!_instances.ContainsKey(id))
            _admission.End(id, error);
        SayFailed(id, fence, error);
    }

    private void OnDiscard(InstanceId id, LaunchFence fence)
    {
        if (IsForeign(id))
        {
            Say(new SchedulerProtocol.Deleted(_host.Id, id, fence));
            return;
        }

        var admission = Admit(id, fence);
        if (admission is Admission.StaleAttempt or Admission.StaleEpoch)
            return;
        if (_instances.TryGetValue(id, out var entry))
        {
            entry.Next = null;
            entry.IsDiscarded = true;
            Remove(entry);
            return;
        }

        if (_damaged.Remove(id, out var disks))
        {
            entry = new InstanceEntry(id, fence, null)
            {
                State = InstanceState.Deleting,
                Disks = disks,
                IsDiscarded = true,
            };
            _instances[id] = entry;
            StartInstance(entry, InstanceActor.Start.Undo, null);
            return;
        }

        _admission.End(id, null);
        Say(new SchedulerProtocol.Deleted(_host.Id, id, fence));
    }

    private Admission Admit(InstanceId id, LaunchFence fence)
    {
        var admission = _admission.Admit(id, fence);
        if (admission is Admission.StaleAttempt or Admission.StaleEpoch)
        {
            _log.Warning(
                "instance {0}: refused a command with fence {1} ({2})", id, fence, admission);
        }
        else if (admission == Admission.SameAttempt
            && _instances.TryGetValue(id, out var entry))
        {
            entry.Fence = fence;
        }

        return admission;
    }
}
