using NovaCow.Actors.Protocols;
using NovaCow.Actors.Telemetry;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;
using NovaCow.Runtime.Actors;
using static NovaCow.Actors.Protocols.BaseVolumeProtocol;
using static NovaCow.Actors.Protocols.HostProtocol;

namespace NovaCow.Actors.Hosting;

/// <summary>The host's instances: each has an actor, whose word goes upward, and is forgotten once
/// it has ended.</summary>
public sealed partial class HostActor
{
    private const int MaxInstanceCrashes = 3;
    private long _instancesStarted;

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
