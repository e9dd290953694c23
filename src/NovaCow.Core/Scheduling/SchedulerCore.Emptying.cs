namespace NovaCow.Core.Scheduling;

/// <summary>Hosts whose instances are all to go elsewhere.</summary>
public sealed partial class SchedulerCore
{
    /// <summary>
    /// Moves what is on a host to others, so many at a time and each so often as
    /// <see cref="SchedulerLimits"/> says; called again and again until nothing is left to do.
    /// </summary>
    /// <returns>The moves begun, and how far the host is from being empty.</returns>
    public (Decision Decision, HostMoves Moves) MoveAll(HostId host, DateTimeOffset now)
    {
        if (!State.Hosts.ContainsKey(host))
            return (NoSuchHost(host), new HostMoves(0, 0, []));
        var decision = new Decision();
        List<StayingInstance> staying = [];
        var launches = State.LaunchesOn(host).Select(id => State.Launches[id])
            .OrderBy(l => l.Id.Value, StringComparer.Ordinal).ToList();
        var (moving, waiting) = (launches.Count(l => l.IsMoving()), 0);
        foreach (var launch in launches.Where(l => l.Host == host && !l.IsMoving()))
        {
            if (WhyStays(launch, now) is { } why)
            {
                staying.Add(new StayingInstance(launch.Id, why));
            }
            else if (launch.Phase != LaunchPhase.Active || moving >= _limits.MaxMovesPerHost)
            {
                waiting++;
            }
            else
            {
                var (chosen, nowhere) = Target(launch, null, now);
                if (chosen is null)
                {
                    staying.Add(new StayingInstance(launch.Id, nowhere!));
                    continue;
                }

                Accept(decision, launch, chosen, now);
                moving++;
            }
        }

        return (decision, new HostMoves(moving, waiting, staying));
    }

    private string? WhyStays(Launch launch, DateTimeOffset now) =>
        launch.Phase != LaunchPhase.Active ? null
        : launch.Move is { Error: { } last } move && move.Failures >= _limits.MaxMoveTries
            && now - move.EndedAt < _limits.MoveAgainAfter
            ? $"it was tried {move.Failures} times: {last.Message}"
        : WhyBusy(launch) ?? WhyStuck(launch);
}

/// <summary>How far a host is from being empty.</summary>
/// <param name="Moving">Instances that are on their way from it or to it.</param>
/// <param name="Waiting">Instances that go when others have gone, or when they are active.</param>
/// <param name="Staying">Instances that cannot go now.</param>
public sealed record HostMoves(int Moving, int Waiting, IReadOnlyList<StayingInstance> Staying);

/// <summary>An instance that a host keeps though it should leave.</summary>
/// <param name="Id">The instance.</param>
/// <param name="Why">Why it stays.</param>
public sealed record StayingInstance(InstanceId Id, string Why);
