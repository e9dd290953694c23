using NovaCow.Core.Hosting;

namespace NovaCow.Core.Scheduling;

/// <summary>
/// Instances of a host that is dead go to others, which read the disks from its store on a file
/// system that they share. Only a person knows that a host is dead: one that is silent may be
/// running its guests.
/// </summary>
public sealed partial class SchedulerCore
{
    /// <summary>
    /// Evacuates what was active on a host, so many at a time and each so often as
    /// <see cref="SchedulerLimits"/> says; called again and again until nothing is left to do.
    /// </summary>
    /// <returns>The evacuations begun, and how far the host is from being empty.</returns>
    public (Decision Decision, HostMoves Moves) Evacuate(
        HostId host, EvacuationRequest request, DateTimeOffset now)
    {
        if (WhyNoEvacuation(host, request) is { } refusal)
            return (refusal, new HostMoves(0, 0, []));
        var decision = new Decision();
        List<StayingInstance> staying = [];
        var launches = State.LaunchesOn(host).Select(id => State.Launches[id])
            .OrderBy(l => l.Id.Value, StringComparer.Ordinal).ToList();
        var (moving, waiting) = (launches.Count(IsLeaving), 0);
        foreach (var launch in launches.Where(l => l.Host == host && !l.IsMoving()))
        {
            if (WhyNotEvacuated(launch, request, now) is { } why)
            {
                staying.Add(new StayingInstance(launch.Id, why));
            }
            else if (moving >= _limits.MaxMovesPerHost)
            {
                waiting++;
            }
            else
            {
                var (chosen, nowhere) = Target(launch, request.To, now, FoundOn(host));
                if (chosen is null)
                {
                    staying.Add(new StayingInstance(launch.Id, nowhere!));
                    continue;
                }

                Evacuate(decision, launch, chosen, now);
                moving++;
            }
        }

        return (decision, new HostMoves(moving, waiting, staying));
    }

    private Decision? WhyNoEvacuation(HostId host, EvacuationRequest request)
    {
        if (!State.Hosts.TryGetValue(host, out var record))
            return NoSuchHost(host);
        if (!request.IsFenced)
        {
            return Decision.Refuse(
                RequestErrorCode.InvalidRequest,
                $"host {host}: nobody says that it is off; cut its power or its way to the "
                    + "storage, and say so (--fenced): a guest that still runs there would write "
                    + "to the disks that another host has then");
        }

        if (Presence(host).Status(record) is var status and not HostStatus.Unreachable)
        {
            return Decision.Refuse(
                RequestErrorCode.Conflict,
                status == HostStatus.Up
                    ? $"host {host}: it is connected, so it lives; move its instances with "
                        + "novacow host drain --move"
                    : $"host {host}: it is silent, but within its grace of {_limits.HostGrace}; "
                        + "try again when it counts as unreachable");
        }

        if (record.SharedStore is null)
        {
            return Decision.Refuse(
                RequestErrorCode.CannotChange,
                $"host {host}: it never said that its store lies on shared storage "
                    + "(novacow.host.shared-store), so no other host finds its disks; bring it "
                    + "back, or remove it with novacow host remove --force");
        }

        return request.To is { } to && !State.Hosts.ContainsKey(to) ? NoSuchHost(to) : null;
    }

    private string? WhyNotEvacuated(Launch launch, EvacuationRequest request, DateTimeOffset now)
    {
        if (launch.Phase != LaunchPhase.Active)
        {
            return $"it is {launch.Phase.ToString().ToLowerInvariant()}, and was not active when "
                + "its host was lost";
        }

        if (!request.Again && launch.Move is { Error: { } last } move
            && (!last.IsRetryable || move.Failures >= _limits.MaxMoveTries)
            && now - move.EndedAt < _limits.MoveAgainAfter)
        {
            return $"it was tried {move.Failures} times: {last.Message}";
        }

        return WhyBusy(launch) ?? (launch.Disks.Any(d => d.Driver == DriverName.LvmThin)
            ? $"its disks are in host {launch.Host}'s thin pool, which no other host has"
            : WhyOdd(launch));
    }

    private void Evacuate(
        Decision decision, Launch launch, Placement.Chosen chosen, DateTimeOffset now)
    {
        Emit(decision, new MoveAccepted(
            launch.Id,
            (launch.Move?.Number ?? 0) + 1,
            new MoveEnd(chosen.Host, launch.NextAttempt()),
            $"evacuated from host {launch.Host}: {chosen.Because()}",
            now)
        {
            IsEvacuation = true,
        });
        OweMoves(decision, State.Launches[launch.Id]);
    }

    /// <summary>A host that says hello is not dead: what was not committed elsewhere is its own,
    /// and no other may have it any more. Decided before anything is said to that host.</summary>
    private void EndEvacuations(Decision decision, HostId host, DateTimeOffset now)
    {
        foreach (var id in State.OpenOn(host).ToList())
        {
            var launch = State.Launches[id];
            if (launch.Host != host || !IsEvacuating(launch))
                continue;
            var error = new LaunchError(
                LaunchErrorCode.Cancelled,
                $"instance {id}: host {host} is back, and has it as before",
                IsRetryable: true);
            Say(decision, launch, new LaunchCommand.EndMove(error), now);
        }
    }

    /// <summary>Where the disks are that a move takes from a dead host; null: that is not known any
    /// more.</summary>
    private TransferSource? DeadSource(LaunchMove move) =>
        State.Hosts.GetValueOrDefault(move.From.Host)?.SharedStore is { } store
            ? TransferSource.Of(
                new DeadStore(move.From.Host, move.From.Attempt, move.To.Host, store)
                {
                    Cluster = State.Cluster,
                })
            : null;

    private string? FoundOn(HostId host) => State.Hosts[host].SharedStore?.Name;

    /// <summary>Whether nothing is to be heard of a host before it says hello again.</summary>
    private bool IsGone(HostId host) =>
        Connected(host) is null && State.Hosts.GetValueOrDefault(host) is not { Lost: false };

    private static bool IsEvacuating(Launch launch) =>
        launch.Move is { IsEvacuation: true, Phase: MovePhase.Copying };

    // What only waits for the dead host takes no turn.
    private static bool IsLeaving(Launch launch) =>
        launch.Move is { Phase: MovePhase.Copying or MovePhase.Undoing }
            || launch is { Phase: LaunchPhase.Committed, Move.Phase: MovePhase.Leaving };
}

/// <summary>How a person wants a dead host's instances to be evacuated.</summary>
/// <param name="To">The host that gets them; null: those that are chosen.</param>
/// <param name="IsFenced">Whether the person says that the host is off, or cut from the storage.
/// </param>
/// <param name="Again">Whether those are tried, too, that failed of late.</param>
public sealed record EvacuationRequest(HostId? To, bool IsFenced, bool Again = false);
