using NovaCow.Core.Hosting;

namespace NovaCow.Core.Scheduling;

/// <summary>What operators do with hosts: their duty, and their end.</summary>
public sealed partial class SchedulerCore
{
    private const int NamedInstances = 5;

    /// <summary>Lets a host do more or less. A host that is drained loses what is not committed
    /// there to others at once.</summary>
    public Decision SetDuty(HostId host, HostDuty duty, DateTimeOffset now)
    {
        if (!State.Hosts.TryGetValue(host, out var record))
            return NoSuchHost(host);
        var decision = new Decision();
        if (record.Duty != duty)
            Emit(decision, new HostDutyChanged(host, duty, now));
        if (duty == HostDuty.Active)
            PlaceWaiting(decision, now);
        if (duty != HostDuty.Draining)
            return decision;
        foreach (var id in State.OpenOn(host).ToList())
        {
            var launch = State.Launches[id];
            if (launch.Phase != LaunchPhase.Placed)
                continue;

            // It is told to leave the attempt before another host is told to take it up.
            Answer(decision, launch, LaunchAnswer.Discard);
            Say(decision, launch, new LaunchCommand.HostDraining(host), now);
        }

        return decision;
    }

    /// <summary>
    /// Takes a host out of the cluster that is not connected. One that holds instances stays,
    /// unless by force: then those are recorded as failed, and what was being deleted as deleted.
    /// </summary>
    public Decision RemoveHost(HostId host, bool isForced, DateTimeOffset now)
    {
        if (!State.Hosts.ContainsKey(host))
            return NoSuchHost(host);
        if (Connected(host) is not null)
        {
            return Decision.Refuse(
                RequestErrorCode.Conflict,
                $"host {host}: it is connected, and would join again at once; drain it, stop its "
                    + "node, and remove it then");
        }

        var held = State.LaunchesOn(host).ToList();
        if (held.Count > 0 && !isForced)
        {
            var named = held.Order(SchedulerState.ById).Take(NamedInstances);
            return Decision.Refuse(
                RequestErrorCode.Conflict,
                $"host {host}: it holds {Counted(held.Count)}, such as {string.Join(", ", named)}; "
                    + "delete them, or remove the host by force if it never comes back");
        }

        var decision = new Decision();
        foreach (var id in held)
        {
            // What moves to it or from it ends first.
            Say(decision, State.Launches[id], new LaunchCommand.HostGone(host), now);
            var launch = State.Launches[id];
            if (launch.Host == host || launch.Move?.Other()?.Host == host)
                Say(decision, launch, new LaunchCommand.HostRemoved(host), now);
        }

        Emit(decision, new HostRemoved(host, held.Count > 0, now));
        _fleet.Remove(host.Value);
        return decision;
    }

    /// <summary>A host says that it stops: nobody need wait for it to come back.</summary>
    public Decision Left(HostId host, string incarnation, DateTimeOffset now)
    {
        var decision = new Decision();
        if (Connected(host) is not { } presence || State.Hosts[host].Incarnation != incarnation)
            return decision;
        presence.IsConnected = false;
        presence.SilentSince = now;
        Lose(decision, new HostLost(host, now) { HasLeft = true });
        return decision;
    }

    /// <summary>The refusal of what is asked of a host that there is not.</summary>
    public static Decision NoSuchHost(HostId host) => Decision.Refuse(
        RequestErrorCode.HostNotFound,
        $"host {host}: it never joined; look for its name in the list of hosts");

    /// <summary>No host that was removed ever says that it has nothing left of an instance.
    /// </summary>
    private void EndOnRemovedHost(Decision decision, InstanceId id, DateTimeOffset now)
    {
        if (State.Launches.GetValueOrDefault(id)
                is { Phase: LaunchPhase.Deleting, Host: { } host } launch
            && !State.Hosts.ContainsKey(host))
        {
            Say(decision, launch, new LaunchCommand.HostRemoved(host), now);
        }
    }

    private static string Counted(int instances) =>
        instances == 1 ? "1 instance" : $"{instances} instances";
}
