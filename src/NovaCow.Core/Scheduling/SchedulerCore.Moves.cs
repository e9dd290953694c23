using NovaCow.Core.Hosting;

namespace NovaCow.Core.Scheduling;

/// <summary>Moves of instances to other hosts: the old host lends the disks, the new one fetches
/// them by an attempt of its own, and only what it has made durable is committed there.</summary>
public sealed partial class SchedulerCore
{
    // What opens the disks that hosts lend; known to this leader only, and never journaled.
    private readonly Dictionary<InstanceId, (int Number, TransferSource Source)> _offers = [];

    /// <summary>Moves an instance. A move under way to the same host, and an instance that is there
    /// already, are answered as they are.</summary>
    public Decision Move(InstanceId id, MoveRequest request, DateTimeOffset now)
    {
        if (!State.Launches.TryGetValue(id, out var launch))
            return State.Deleted.Find(id) is null ? NoSuchInstance(id) : NotActive(id, "deleted");
        if (IsMoved(launch, request))
            return Described(id, now);
        if (launch.Phase != LaunchPhase.Active)
            return NotActive(id, launch.Phase.ToString().ToLowerInvariant());
        if (WhyBusy(launch) is { } busy)
            return Decision.Refuse(RequestErrorCode.Conflict, $"instance {id}: {busy}");
        if (request.To is { } asked && !State.Hosts.ContainsKey(asked))
            return NoSuchHost(asked);
        if (WhyStuck(launch) is { } stuck)
            return CannotChange(launch, stuck);
        var (chosen, why) = Target(launch, request.To, now);
        if (chosen is null)
        {
            return Decision.Refuse(
                RequestErrorCode.NoRoom,
                $"instance {id}: it cannot leave host {launch.Host}: {why}");
        }

        var decision = new Decision();
        Accept(decision, launch, chosen, now);
        decision.Instances.Add(Find(id, now)!);
        return decision;
    }

    /// <summary>Has a move given up, unless it is committed.</summary>
    public Decision CancelMove(InstanceId id, DateTimeOffset now)
    {
        if (Find(id, now) is null)
            return NoSuchInstance(id);
        if (State.Launches.GetValueOrDefault(id) is not { } launch)
            return Described(id, now);
        var decision = new Decision();
        Say(decision, launch, new LaunchCommand.EndMove(Cancelled(id, "was cancelled")), now);
        decision.Instances.Add(Find(id, now)!);
        return decision;
    }

    /// <summary>A host lends the disks of an instance that is to leave it.</summary>
    public Decision Offered(
        HostId host, InstanceId id, LaunchFence fence, (int Number, string Token) offer)
    {
        var decision = new Decision();
        if (Connected(host) is not { Address: { } address })
        {
            decision.Effects.Add(new SchedulerEffect.SayHello(host));
            return decision;
        }

        if (State.Launches.GetValueOrDefault(id) is not
                { Move: { Phase: MovePhase.Copying } move } launch
            || !launch.IsAttempt(host, fence.Attempt) || move.Number != offer.Number)
        {
            decision.Effects.Add(new SchedulerEffect.Withdraw(host, id, fence, offer.Number));
            return decision;
        }

        var known = (offer.Number, new TransferSource(address, offer.Token));
        if (_offers.GetValueOrDefault(id) == known)
            return decision;
        _offers[id] = known;
        OweMove(decision, launch, move.To.Host);
        return decision;
    }

    /// <summary>A host cannot lend the disks of an instance.</summary>
    public Decision OfferRefused(
        HostId host, InstanceId id, LaunchFence fence, (int Number, LaunchError Error) refusal,
        DateTimeOffset now)
    {
        var decision = new Decision();
        if (State.Launches.GetValueOrDefault(id) is { } launch
            && launch.IsAttempt(host, fence.Attempt) && launch.Move?.Number == refusal.Number)
        {
            Say(decision, launch, new LaunchCommand.EndMove(refusal.Error), now);
        }

        return decision;
    }

    private static bool IsMoved(Launch launch, MoveRequest request) =>
        launch.Move is { Phase: MovePhase.Copying or MovePhase.Leaving } move
            ? request.To is null || request.To == move.To.Host
            : request.To == launch.Host || (request.From is { } from && from != launch.Host);

    private static string? WhyBusy(Launch launch) =>
        launch.IsChanging()
            ? $"a {launch.Change!.Change.Title()} is under way since "
                + $"{launch.Change.StartedAt:u}; wait for its end, or cancel it"
        : launch.IsMoving()
            ? $"a move from host {launch.Move!.From.Host} to host {launch.Move.To.Host} is under "
                + $"way since {launch.Move.StartedAt:u}; wait for its end, or cancel it"
        : null;

    private string? WhyStuck(Launch launch)
    {
        if (Connected(launch.Host!) is not { } source)
            return $"host {launch.Host}, which has its disks, is not connected; move it later";
        if (source.Address is null)
        {
            return $"host {launch.Host} does not say where other hosts reach it; give it a "
                + "version that does";
        }

        return IsOn(launch) ? Runs(launch) : WhyOdd(launch);
    }

    private static string? WhyOdd(Launch launch) =>
        launch.Disks.FirstOrDefault(d => MovedDisks.BaseOf(launch, d) is null) is { } odd
            ? $"its disk {odd.Name} lies over base {odd.BackingFile}, which is not that of its "
                + "image; rebase or flatten it first"
            : null;

    private (Placement.Chosen? Chosen, string? Why) Target(
        Launch launch, HostId? asked, DateTimeOffset now, string? foundOn = null)
    {
        var runsMachines = State.Hosts[launch.Host!].Hypervisor.RunsMachines;
        var request = MovedDisks.Request(launch, runsMachines, foundOn);
        if (asked is null)
        {
            return PlacementPolicy.Choose(request, Views(), _limits.Placement, now) switch
            {
                Placement.Chosen chosen => (chosen, null),
                var none => (null, ((Placement.NoValidHost)none).Because()),
            };
        }

        var terms = PlacementPolicy.Explain(request, Views(), _limits.Placement, now)
            .First(t => t.Host == asked);
        return terms.FilteredBecause is { } why
            ? (null, $"host {asked}: {why}")
            : (new Placement.Chosen(terms), null);
    }

    private void Accept(
        Decision decision, Launch launch, Placement.Chosen chosen, DateTimeOffset now)
    {
        Emit(decision, new MoveAccepted(
            launch.Id,
            (launch.Move?.Number ?? 0) + 1,
            new MoveEnd(chosen.Host, launch.NextAttempt()),
            chosen.Because(),
            now));
        OweMoves(decision, State.Launches[launch.Id]);
    }

    /// <summary>What ends with a launch's being active ends its move, too.</summary>
    private void EndMove(Decision decision, LaunchEvent ending)
    {
        if (State.Launches[ending.Id].Move is not { Phase: MovePhase.Copying } move)
            return;
        var error = ending is LaunchDeleting
            ? Cancelled(ending.Id, "ended, as it is being deleted")
            : ((LaunchFailed)ending).Error;
        Emit(decision, new MoveUndoing(ending.Id, move.Number, error, ending.At));
    }

    private static LaunchError Cancelled(InstanceId id, string why) => new(
        LaunchErrorCode.Cancelled, $"instance {id}: its move {why}", IsRetryable: true);

    private void OweMoves(Decision decision, Launch launch)
    {
        OweMove(decision, launch, launch.Host!);
        if (launch.Move!.Other() is { } other)
            OweMove(decision, launch, other.Host);
    }

    /// <summary>Tells a host what it has to do for a move, the first time or again.</summary>
    private void OweMove(Decision decision, Launch launch, HostId host)
    {
        if (launch.Move is not { } move)
            return;
        if (host == launch.Host)
        {
            if (move is { Phase: MovePhase.Copying, IsEvacuation: false })
            {
                decision.Effects.Add(new SchedulerEffect.Offer(
                    host, launch.Id, Fence(launch), move.Number));
            }

            return;
        }

        var fence = new LaunchFence(_epoch, move.Other()?.Attempt ?? 0);
        switch (move.Phase)
        {
            case MovePhase.Copying when move.IsEvacuation:
                if (DeadSource(move) is { } dead)
                {
                    decision.Effects.Add(new SchedulerEffect.Receive(
                        host, launch.Id, fence, launch.SpecNow(),
                        MovedDisks.Order(launch, dead)));
                }

                break;
            case MovePhase.Copying when _offers.TryGetValue(launch.Id, out var offer)
                && offer.Number == move.Number:
                decision.Effects.Add(new SchedulerEffect.Receive(
                    host, launch.Id, fence, launch.SpecNow(),
                    MovedDisks.Order(launch, offer.Source)));
                break;

            // The old disks stay until the new ones are in use.
            case MovePhase.Leaving when launch.Phase is LaunchPhase.Committed or LaunchPhase.Failed:
                break;
            case MovePhase.Undoing or MovePhase.Leaving:
                decision.Effects.Add(new SchedulerEffect.Discard(host, launch.Id, fence));
                break;
        }
    }

    /// <summary>Whether a launch's own host waits until the other one has removed what it has.
    /// </summary>
    private static bool AwaitsOther(Launch launch) =>
        launch is { Phase: LaunchPhase.Deleting } && launch.IsMoving();

    /// <summary>After an event of a launch that moves, or moved until then.</summary>
    private void Follow(Decision decision, Launch before, Launch after, DateTimeOffset now)
    {
        if (before.Move is { Phase: MovePhase.Copying, IsEvacuation: false }
            && after.Move!.Phase != MovePhase.Copying)
        {
            _offers.Remove(after.Id);
            var fence = new LaunchFence(_epoch, before.Attempt);
            decision.Effects.Add(new SchedulerEffect.Withdraw(
                before.Host!, after.Id, fence, before.Move.Number));
        }

        Answer(decision, after, AwaitsOther(after) ? LaunchAnswer.None : Unanswered(after));
        OweMoves(decision, after);
        if (after is { Phase: LaunchPhase.Active, Move: { Phase: MovePhase.Leaving } left }
            && before.Phase == LaunchPhase.Committed && IsGone(left.From.Host))
        {
            // It was lost before the instance was in use elsewhere.
            Say(decision, after, new LaunchCommand.HostGone(left.From.Host), now);
        }
    }

    private Verdict JudgeMoved(Decision decision, Launch launch, HostedInstance instance)
    {
        var move = launch.Move!;
        if (move.Phase == MovePhase.Undoing
            || (move.Phase == MovePhase.Leaving
                && launch.Phase is LaunchPhase.Active or LaunchPhase.Deleting))
        {
            return Verdict.Discard;
        }

        // What it said then was lost: asked again, it says it again, with the disks.
        if (move.Phase == MovePhase.Copying && instance.State != InstanceState.Preparing)
            OweMove(decision, launch, move.To.Host);
        return Verdict.Stands;
    }

    private LaunchProgress? MoveProgressOf(Launch launch) =>
        launch.Move is { Phase: MovePhase.Copying } move
            ? Connected(move.To.Host)?.Progress.GetValueOrDefault(launch.Id)
            : null;
}
