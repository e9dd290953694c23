using NovaCow.Core.Hosting;

namespace NovaCow.Core.Scheduling;

/// <summary>How machines are: their hosts know and say so; nothing of it is journaled.</summary>
public sealed partial class SchedulerCore
{
    /// <summary>A host says how a machine is now.</summary>
    public Decision PowerChanged(
        HostId host, InstanceId id, LaunchFence fence, PowerReport power, DateTimeOffset now)
    {
        var decision = new Decision();
        if (Connected(host) is not { } presence)
        {
            decision.Effects.Add(new SchedulerEffect.SayHello(host));
            return decision;
        }

        presence.LastSeenAt = now;
        if (State.Launches.GetValueOrDefault(id)?.IsAttempt(host, fence.Attempt) == true
            && presence.Power.GetValueOrDefault(id) != (fence.Attempt, power))
        {
            presence.Power[id] = (fence.Attempt, power);
            decision.Effects.Add(
                new SchedulerEffect.PowerSeen(host, id, Shown(power), now));
        }

        return decision;
    }

    /// <summary>The host to ask about an instance's machine; else why there is none.</summary>
    public (HostId? Host, RequestError? Refusal) HostOf(InstanceId id)
    {
        var launch = State.Launches.GetValueOrDefault(id);
        return launch switch
        {
            null => (null, NoSuchInstance(id).Refusal),
            { Phase: LaunchPhase.Committed or LaunchPhase.Active } => (launch.Host, null),
            _ => (null, new RequestError(
                RequestErrorCode.Conflict,
                $"instance {id}: it is {launch.Phase.ToString().ToLowerInvariant()}, and has no "
                    + "machine on any host; look at the instance for why")),
        };
    }

    /// <summary>A host said hello: its machines are so, and it has no others. What changed while it
    /// was not heard is news.</summary>
    private void SetPower(
        Decision decision, HostPresence presence, IEnumerable<HostedInstance> instances,
        DateTimeOffset now)
    {
        var before = presence.Power.ToDictionary();
        presence.Power.Clear();
        foreach (var (id, fence, power) in instances.Select(i => (i.Id, i.Fence, i.Power)))
        {
            if (power is null)
                continue;
            presence.Power[id] = (fence.Attempt, power);
            if (State.Launches.GetValueOrDefault(id)?.IsAttempt(presence.Id, fence.Attempt) == true
                && before.TryGetValue(id, out var old) && old.Power != power)
            {
                decision.Effects.Add(
                    new SchedulerEffect.PowerSeen(presence.Id, id, Shown(power), now));
            }
        }
    }

    /// <summary>How a launch's machine is; null: it has none, or its host is not heard.</summary>
    private PowerInfo? PowerOf(Launch launch) =>
        launch.Host is { } host
            && Connected(host)?.Power.TryGetValue(launch.Id, out var known) == true
            && known.Attempt == launch.Attempt
            ? Shown(known.Power)
            : null;

    /// <summary>Whether its machine is known to have its disks open.</summary>
    private bool IsOn(Launch launch) =>
        PowerOf(launch) is { } power && new MachineStatus(power.State, power.Cause).IsOn;

    private static string Runs(Launch launch) =>
        $"it runs; stop it first: novacow instance stop {launch.Id}";

    /// <summary>What has left a host, or ended, has no machine there any more.</summary>
    private void ForgetPower(Launch before)
    {
        var after = State.Launches.GetValueOrDefault(before.Id);
        foreach (var host in before.Concerned().Where(h => h != after?.Host))
            _fleet.GetValueOrDefault(host.Value)?.Power.Remove(before.Id);
    }

    private static PowerInfo Shown(PowerReport power) =>
        new(power.Status.State, power.Status.Cause, power.Since);
}
