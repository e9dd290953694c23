using NovaCow.Actors.Protocols;
using NovaCow.Actors.Telemetry;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;
using NovaCow.Runtime.Actors;
using static NovaCow.Actors.Protocols.BaseVolumeProtocol;
using static NovaCow.Actors.Protocols.HostProtocol;

namespace NovaCow.Actors.Hosting;

/// <summary>The host's instances: commands are fenced, carried out once, and answered again when
/// they come again.</summary>
public sealed partial class HostActor
{
    private const int MaxInstanceCrashes = 3;
    private long _instancesStarted;
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

    private void Begin(Attempt prepare)
    {
        var entry = new InstanceEntry(prepare.Id, prepare.Fence, prepare.Spec)
        {
            Cluster = _cluster,
            Order = prepare.Order,
        };
        _instances[prepare.Id] = entry;
        StartInstance(entry, InstanceActor.Start.Prepare, null);
    }

    private void StartInstance(InstanceEntry entry, InstanceActor.Start start, LaunchError? error)
    {
        IReadOnlyList<DiskRef> disks = entry is { Disks.Count: 0, Order: { } order }
            ? [.. order.Disks.Select(d => new DiskRef(d.Name, d.Base.Key(), d.Driver))]
            : entry is { Disks.Count: 0, Spec: { } spec }
            ? [.. LaunchPlan.For(spec, DriverOf(spec)).All
                .Select(d => new DiskRef(d.Name, d.Base.Key(), DriverOf(spec)))]
            : [.. entry.Disks.Select(d => new DiskRef(d.Name, d.BackingFile, d.Driver))];
        var plan = new InstancePlan(entry.Id, entry.Fence, entry.Spec, disks, error)
        {
            Cluster = entry.Cluster,
            Record = entry.Record,
            Order = entry.Order,
            Machine = entry.Power?.Status,
        };
        var host = _host;
        entry.Ref = Context.ActorOf(
            Runtime.Actors.Props.Create(() => new InstanceActor(host, plan, start)),
            $"{entry.Id}.{++_instancesStarted}");
        _instanceOf[entry.Ref] = entry.Id;
        Context.Watch(entry.Ref);
    }

    private string DriverOf(LaunchSpec spec) => spec.Driver ?? _host.Drivers.Default.Name;

    private void Remove(InstanceEntry entry)
    {
        _host.Transfers?.Withdraw(entry.Id);
        entry.State = InstanceState.Deleting;
        entry.Ref?.Tell(new InstanceProtocol.Remove());
    }

    private void OnReady(InstanceProtocol.Ready ready)
    {
        if (FromInstance(ready.Record.Id) is not { State: InstanceState.Preparing } entry)
            return;
        entry.State = InstanceState.Prepared;
        entry.Disks = ready.Record.Disks;
        entry.Record = ready.Record;
        entry.Preparation = ready.Preparation;
        if (ready.Preparation.Warm)
            _tally.Paces.Cloned(ready.Preparation.Total);
        SayPrepared(entry);
    }

    private void OnActive(InstanceProtocol.Active active)
    {
        var id = active.Id;
        if (FromInstance(id) is not { State: InstanceState.Prepared } entry)
            return;
        entry.State = InstanceState.Active;
        if (active.StartedIn is { } took)
        {
            _tally.Paces.Started(took);
            DomainMetrics.StartSeconds.Record(took.TotalSeconds);
            // Before it is active: whoever waits for that sees a machine that runs.
            if (entry.Power is null)
                SetPower(entry, new MachineStatus(PowerState.Running, PowerCause.Started));
        }

        Say(new SchedulerProtocol.Activated(_host.Id, id, entry.Fence));
    }

    private void OnUndoing(InstanceId id)
    {
        if (FromInstance(id) is { } entry)
            entry.State = InstanceState.Deleting;
    }

    private void OnEnded(InstanceProtocol.Ended ended)
    {
        if (FromInstance(ended.Id) is not { } entry)
            return;
        _instanceOf.Remove(Sender);
        Context.Unwatch(Sender);
        Finish(entry, ended.Error);
    }

    private void Finish(InstanceEntry entry, LaunchError? error)
    {
        _instances.Remove(entry.Id);
        _changes.End(entry.Id);
        LiftFence(entry);
        if (entry.Next is { } next)
        {
            Begin(next);
            return;
        }

        var fence = _admission.Newest(entry.Id) ?? entry.Fence;
        _admission.End(entry.Id, error);
        if (entry.IsDiscarded)
            Say(new SchedulerProtocol.Deleted(_host.Id, entry.Id, fence));
        else
            SayFailed(entry.Id, fence, error);
    }

    // An instance's actor stops by itself only after it has said so; else it has crashed.
    private void OnInstanceCrashed(InstanceId id, IActorRef child)
    {
        if (!_instances.TryGetValue(id, out var entry) || !child.Equals(entry.Ref))
            return;
        entry.Crashes++;
        entry.Ref = null;
        _changes.End(id);
        var error = new LaunchError(
            LaunchErrorCode.VolumeDriver,
            $"instance {id}: its actor on host {_host.Id} crashed; the host's log says why",
            IsRetryable: true);
        if (entry.Crashes > MaxInstanceCrashes)
        {
            _log.Error("instance {0}: crashed {1} times; left as it is until the next start", id,
                entry.Crashes);
        }
        else if (entry.State is InstanceState.Prepared or InstanceState.Active)
        {
            StartInstance(entry, InstanceActor.Start.Found, null);
        }
        else
        {
            entry.State = InstanceState.Deleting;
            StartInstance(entry, InstanceActor.Start.Undo, entry.IsDiscarded ? null : error);
        }
    }

    private InstanceEntry? FromInstance(InstanceId id) =>
        _instances.TryGetValue(id, out var entry) && Sender.Equals(entry.Ref) ? entry : null;

    private void SayPrepared(InstanceEntry entry) => Say(new SchedulerProtocol.Prepared(
        _host.Id,
        entry.Id,
        entry.Fence,
        entry.Disks,
        entry.Preparation ?? new Preparation(Warm: true, TimeSpan.Zero, TimeSpan.Zero)));

    private void SayFailed(InstanceId id, LaunchFence fence, LaunchError? error) =>
        Say(new SchedulerProtocol.LaunchFailed(_host.Id, id, fence, error ?? new LaunchError(
            LaunchErrorCode.Cancelled,
            $"instance {id}: attempt {fence.Attempt} was removed from host {_host.Id}",
            IsRetryable: true)));

    private void Say(ISchedulerMessage message) => _scheduler?.Tell(message);
}
