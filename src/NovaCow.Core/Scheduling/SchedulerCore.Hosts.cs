using NovaCow.Core.Hosting;

namespace NovaCow.Core.Scheduling;

public sealed partial class SchedulerCore
{
    /// <summary>
    /// A host connected: gives a verdict on each instance that it has, tells it again what it was
    /// asked and does not have, and gives it what waits. The join is journaled first, which only
    /// the leader can do, so that no deposed one has anything discarded.
    /// </summary>
    public Decision Hello(HostFacts facts, DateTimeOffset now)
    {
        var decision = new Decision();
        Emit(decision, new HostJoined(
            facts.Host, facts.Incarnation, facts.Drivers[0], facts.Capacity, now)
        {
            Drivers = facts.Drivers,
            Labels = facts.Labels,
            Overcommit = facts.Overcommit,
            Hypervisor =
                facts.Hypervisor == HypervisorCapabilities.None ? null : facts.Hypervisor,
            SharedStore = facts.SharedStore is { } shared
                && SharedStore.Problem(shared.Name, shared.Folder) is null ? shared : null,
        });
        EndEvacuations(decision, facts.Host, now);
        var presence = Presence(facts.Host);
        presence.IsConnected = true;
        presence.LastSeenAt = now;
        presence.Resends.Clear();
        presence.Paces = facts.Paces;
        presence.Address = facts.Address;
        Seen(facts.Host, [.. presence.SetAll(facts.Bases)]);
        presence.Unknown.Clear();
        presence.Progress.Clear();
        presence.Captures.Begin();

        var verdicts = new List<InstanceVerdict>(facts.Instances.Count);
        decision.Effects.Add(new SchedulerEffect.Welcome(facts.Host, verdicts)
        {
            Kept = KeptUntilPlanned(presence),
        });
        var reported = new HashSet<InstanceId>(facts.Instances.Count);
        foreach (var instance in facts.Instances)
        {
            reported.Add(instance.Id);
            var verdict = Judge(decision, facts.Host, instance, now);
            if (verdict == Verdict.Unknown)
                presence.Unknown.Add(instance.Id);
            var fence = new LaunchFence(_epoch, instance.Fence.Attempt);
            verdicts.Add(new InstanceVerdict(instance.Id, fence, verdict)
            {
                WasActive = verdict == Verdict.Commit
                    && State.Launches[instance.Id].WasActive(),
            });
        }

        SetPower(decision, presence, facts.Instances, now);
        var missing = State.LaunchesOn(facts.Host).Where(id => !reported.Contains(id)).ToList();
        foreach (var id in missing)
        {
            var launch = State.Launches[id];
            var answer = Say(decision, launch, new LaunchCommand.Missing(facts.Host), now);
            Answer(decision, launch, answer);
        }

        foreach (var launch in State.OpenOn(facts.Host).Select(id => State.Launches[id]))
        {
            if (launch.Host == facts.Host)
                Answer(decision, launch, UnansweredChange(launch));
            OweMove(decision, launch, facts.Host);
        }

        PlaceWaiting(decision, now);
        return decision;
    }

    /// <summary>A host's link ended; its grace begins.</summary>
    /// <returns>False when it had said that it goes.</returns>
    public bool Disconnected(HostId host, DateTimeOffset now)
    {
        if (Connected(host) is not { } presence)
            return false;
        presence.IsConnected = false;
        presence.SilentSince = now;
        Seen(host);
        return true;
    }

    /// <summary>A host said how it is.</summary>
    /// <returns>False when it must say hello first.</returns>
    public bool Reported(HostState report, DateTimeOffset now)
    {
        if (Connected(report.Host) is not { } presence
            || State.Hosts[report.Host].Incarnation != report.Incarnation)
        {
            return false;
        }

        (presence.Usage, presence.Counters, presence.LastSeenAt) =
            (report.Usage, report.Counters, now);
        presence.Paces = report.Paces;
        Seen(report.Host);
        _mayPlace = true;
        return true;
    }

    /// <summary>A base changed on a host.</summary>
    /// <returns>False when the host must say hello first.</returns>
    public bool BaseChanged(HostId host, BaseReport report, DateTimeOffset now)
    {
        if (Connected(host) is not { } presence)
            return false;
        presence.LastSeenAt = now;
        HeardOfCopy(presence, report);
        presence.Set(report);
        Seen(host, report.Key);
        return true;
    }

    /// <summary>A host made an attempt's disks.</summary>
    public Decision Prepared(
        HostId host, InstanceId id, LaunchFence fence, IReadOnlyList<InstanceDisk> disks,
        Preparation preparation, DateTimeOffset now) =>
        Hear(host, id, fence,
            new LaunchCommand.Prepared(host, fence.Attempt, disks, preparation), now);

    /// <summary>A host failed at an attempt.</summary>
    public Decision AttemptFailed(
        HostId host, InstanceId id, LaunchFence fence, LaunchError error, DateTimeOffset now) =>
        Hear(host, id, fence, new LaunchCommand.AttemptFailed(host, fence.Attempt, error), now);

    /// <summary>A host made an instance active.</summary>
    public Decision Activated(
        HostId host, InstanceId id, LaunchFence fence, DateTimeOffset now) =>
        Hear(host, id, fence, new LaunchCommand.Activated(host, fence.Attempt), now);

    /// <summary>A host has nothing left of an instance.</summary>
    public Decision Removed(HostId host, InstanceId id, LaunchFence fence, DateTimeOffset now) =>
        Hear(host, id, fence, new LaunchCommand.Removed(host, fence.Attempt), now);

    private Decision Hear(
        HostId host, InstanceId id, LaunchFence fence, LaunchCommand command, DateTimeOffset now)
    {
        var decision = new Decision();
        if (Connected(host) is { } presence)
        {
            presence.LastSeenAt = now;
            presence.Progress.Remove(id);
        }
        else
            decision.Effects.Add(new SchedulerEffect.SayHello(host));

        // What one that was removed said before is judged when it says hello.
        if (!State.Hosts.ContainsKey(host))
            return decision;
        var launch = State.Launches.GetValueOrDefault(id);
        var answer = launch is not null ? Say(decision, launch, command, now)
            : command is LaunchCommand.Prepared or LaunchCommand.Activated
                && State.Deleted.Find(id) is not null ? LaunchAnswer.Discard
            : LaunchAnswer.None;
        if (answer == LaunchAnswer.Discard)
        {
            var discarded = new LaunchFence(_epoch, fence.Attempt);
            Emit(decision, new AttemptDisowned(id, host, discarded, now));
            decision.Effects.Add(new SchedulerEffect.Discard(host, id, discarded));
        }
        else if (launch is not null)
        {
            Answer(decision, launch, answer);
        }

        return decision;
    }

    private Verdict Judge(
        Decision decision, HostId host, HostedInstance instance, DateTimeOffset now)
    {
        if (instance.State == InstanceState.Deleting)
            return Verdict.Stands;
        if (!State.Launches.TryGetValue(instance.Id, out var launch))
        {
            return State.Deleted.Find(instance.Id) is null ? Verdict.Unknown : Verdict.Discard;
        }

        var attempt = instance.Fence.Attempt;
        if (launch.Move?.Other() == new MoveEnd(host, attempt))
            return JudgeMoved(decision, launch, instance);
        if (!launch.IsAttempt(host, attempt) || launch.Phase == LaunchPhase.Deleting)
            return Verdict.Discard;
        if (instance.State == InstanceState.Preparing)
            return launch.Phase == LaunchPhase.Placed ? Verdict.Stands : Verdict.Discard;
        if (instance.State == InstanceState.Active && launch.Phase == LaunchPhase.Active)
            return Verdict.Stands;

        if (launch.Phase == LaunchPhase.Placed)
        {
            // What it said then was lost: asked again, it says it again, with the disks.
            Answer(decision, launch, LaunchAnswer.Prepare);
            return Verdict.Stands;
        }

        var prepared = new LaunchCommand.Prepared(host, attempt, launch.Disks, null);
        var (happened, answer) =
            LaunchDecisions.Decide(launch, prepared, _limits.MaxFailedHosts, now);
        if (happened is not null)
            Emit(decision, happened);
        return answer == LaunchAnswer.Commit ? Verdict.Commit : Verdict.Discard;
    }
}
