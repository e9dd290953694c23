namespace NovaCow.Core.Scheduling;

/// <summary>
/// The scheduler's durable state at one moment, taken in a few milliseconds however many launches
/// there are: launches never change, so only references are copied. It is cut into parts to be
/// saved later, by whoever has the time.
/// </summary>
public sealed class SchedulerCapture
{
    private const int LaunchesInPart = 20_000;

    private readonly SchedulerSnapshot _rest;
    private readonly Launch[] _launches;

    private SchedulerCapture(SchedulerSnapshot rest, Launch[] launches) =>
        (_rest, _launches) = (rest, launches);

    /// <summary>A state as it is now.</summary>
    public static SchedulerCapture Of(SchedulerState state) =>
        new(SchedulerSnapshot.Of(state), state.Launches.Values.ToArray());

    /// <summary>A <see cref="SchedulerSnapshot"/> without launches, then <see cref="SavedLaunches"/>,
    /// those that wait by age and then the others by id; each is made when it is asked for. Once, by
    /// one thread.</summary>
    public IEnumerable<object> Parts()
    {
        var specs = _launches.Select(l => l.Spec).Distinct<LaunchSpec>(
            ReferenceEqualityComparer.Instance).ToList();
        yield return _rest with { Specs = specs };

        var at = new Dictionary<LaunchSpec, int>(ReferenceEqualityComparer.Instance);
        foreach (var spec in specs)
            at.Add(spec, at.Count);

        // Who restores them builds its order by id from what is in order.
        Array.Sort(_launches, InOrder);
        foreach (var part in _launches.Chunk(LaunchesInPart))
        {
            yield return new SavedLaunches(
                [.. part.Select(l => SchedulerSnapshot.SavedLaunch.Of(l, at[l.Spec]))]);
        }
    }

    private static int InOrder(Launch a, Launch b)
    {
        var (waits, other) = (a.Phase == LaunchPhase.Accepted, b.Phase == LaunchPhase.Accepted);
        return waits != other ? (waits ? -1 : 1)
            : waits ? LaunchQueue.CompareAge(a, b)
            : string.CompareOrdinal(a.Id.Value, b.Id.Value);
    }
}

/// <summary>Some of the launches of a saved state; their specs stand in its
/// <see cref="SchedulerSnapshot"/>.</summary>
public sealed record SavedLaunches(IReadOnlyList<SchedulerSnapshot.SavedLaunch> Launches);
