namespace NovaCow.Core.Hosting;

/// <summary>A base that is on a host, as eviction sees it.</summary>
public sealed record EvictionCandidate
{
    /// <summary>The base.</summary>
    public required BaseKey Key { get; init; }

    /// <summary>Where it is in its life; only what is whole and idle can go.</summary>
    public required BaseState State { get; init; }

    /// <summary>The bytes that its removal gives back.</summary>
    public required long AllocatedBytes { get; init; }

    /// <summary>Living clones.</summary>
    public int Clones { get; init; }

    /// <summary>Launches that wait for it.</summary>
    public int Waiters { get; init; }

    /// <summary>Disks made from it so far.</summary>
    public int Uses { get; init; }

    /// <summary>When a disk was made from it last, or it was made.</summary>
    public required DateTimeOffset LastUsedAt { get; init; }

    /// <summary>How long its making took, where that was observed.</summary>
    public TimeSpan? MadeIn { get; init; }

    /// <summary>Bytes to fetch and to convert when it is made again.</summary>
    public required long RebuildBytes { get; init; }

    /// <summary>It never goes: it is pinned, or one of the copies that are wanted.</summary>
    public bool IsProtected { get; init; }

    /// <summary>It goes first: nobody will launch it again.</summary>
    public bool IsRetired { get; init; }
}

/// <summary>By what eviction judges.</summary>
public sealed record EvictionRules
{
    /// <summary>What was used within this time stays.</summary>
    public TimeSpan KeepRecent { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>After so long without use a base is expected to be used half as often.</summary>
    public TimeSpan HalfLife { get; init; } = TimeSpan.FromHours(12);

    /// <summary>How fast a base is made whose making was not observed.</summary>
    public long AssumedBytesPerSecond { get; init; } = 64L << 20;
}

/// <summary>What is to go.</summary>
/// <param name="Victims">The bases to remove, least valuable first; none when all that could go
/// would not be enough.</param>
/// <param name="FreedBytes">What their removal gives back.</param>
/// <param name="EvictableBytes">What the removal of all that may go would give back.</param>
/// <param name="Evictable">How many bases may go.</param>
public sealed record EvictionPlan(
    IReadOnlyList<BaseKey> Victims, long FreedBytes, long EvictableBytes, int Evictable);

/// <summary>
/// Chooses the bases that make room: of those that are ready and have no protection, no clone, no
/// waiter and no recent use, what is retired and then the least valuable for its bytes first, and
/// no more than is needed. A base's value is what it costs to make again times how often that is
/// expected.
/// </summary>
public static class EvictionPolicy
{
    /// <summary>Chooses enough to free so many bytes, or nothing.</summary>
    public static EvictionPlan Choose(
        IEnumerable<EvictionCandidate> bases, long neededBytes, EvictionRules rules,
        DateTimeOffset now)
    {
        var evictable = Evictable(bases, rules, now);
        var all = evictable.Sum(b => b.AllocatedBytes);
        return all < neededBytes || neededBytes <= 0
            ? new EvictionPlan([], 0, all, evictable.Count)
            : Choose(evictable, all, neededBytes);
    }

    /// <summary>Chooses enough to bring all bases within a budget, or as much as may go.</summary>
    public static EvictionPlan Trim(
        IReadOnlyCollection<EvictionCandidate> bases, long budgetBytes, EvictionRules rules,
        DateTimeOffset now)
    {
        // What is on its way out counts no more.
        var excess = bases.Where(b => b.State != BaseState.Evicting).Sum(b => b.AllocatedBytes)
            - budgetBytes;
        var evictable = Evictable(bases, rules, now);
        var all = evictable.Sum(b => b.AllocatedBytes);
        return excess <= 0
            ? new EvictionPlan([], 0, all, evictable.Count)
            : Choose(evictable, all, Math.Min(excess, all));
    }

    private static List<EvictionCandidate> Evictable(
        IEnumerable<EvictionCandidate> bases, EvictionRules rules, DateTimeOffset now) =>
    [
        .. bases.Where(b => MayGo(b, rules, now))
            .OrderByDescending(b => b.IsRetired)
            .ThenBy(b => Value(b, rules, now) / Math.Max(1, b.AllocatedBytes))
            .ThenByDescending(b => b.AllocatedBytes)
            .ThenBy(b => b.Key.Value, StringComparer.Ordinal),
    ];

    private static EvictionPlan Choose(
        List<EvictionCandidate> evictable, long all, long neededBytes)
    {
        List<EvictionCandidate> chosen = [];
        var freed = 0L;
        foreach (var next in evictable.TakeWhile(_ => freed < neededBytes))
        {
            chosen.Add(next);
            freed += next.AllocatedBytes;
        }

        // What came first may be too little to matter beside what came last.
        for (var i = chosen.Count - 1; i >= 0; i--)
        {
            if (freed - chosen[i].AllocatedBytes < neededBytes)
                continue;
            freed -= chosen[i].AllocatedBytes;
            chosen.RemoveAt(i);
        }

        return new EvictionPlan([.. chosen.Select(b => b.Key)], freed, all, evictable.Count);
    }

    /// <summary>Whether nothing needs the base now.</summary>
    public static bool MayGo(
        EvictionCandidate candidate, EvictionRules rules, DateTimeOffset now) =>
        candidate is { State: BaseState.Ready, Clones: 0, Waiters: 0, IsProtected: false }
        && now - candidate.LastUsedAt >= rules.KeepRecent;

    /// <summary>Seconds of making again that keeping it is expected to save.</summary>
    public static double Value(
        EvictionCandidate candidate, EvictionRules rules, DateTimeOffset now)
    {
        var cost = candidate.MadeIn?.TotalSeconds
            ?? (double)candidate.RebuildBytes / rules.AssumedBytesPerSecond;
        var age = Math.Max(0, (now - candidate.LastUsedAt) / rules.HalfLife);
        return cost * (1 + candidate.Uses) * Math.Pow(2, -age);
    }
}
