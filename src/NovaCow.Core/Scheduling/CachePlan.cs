namespace NovaCow.Core.Scheduling;

/// <summary>
/// Decides who is asked for a copy of which image, and which copies are kept: as many as are
/// wanted, on the hosts that can have them soonest, spread over them. The same input gives the same
/// orders.
/// </summary>
public static class CachePlan
{
    /// <summary>What to order and what to keep.</summary>
    /// <param name="wishes">The images of which copies are wanted; the first come first.</param>
    /// <param name="hosts">All hosts, by id.</param>
    /// <param name="rules">The bounds.</param>
    /// <param name="now">When.</param>
    public static CacheDecision Decide(
        IReadOnlyList<CacheWish> wishes,
        IReadOnlyList<CacheHost> hosts,
        CacheRules rules,
        DateTimeOffset now)
    {
        var round = new CacheRound(wishes, hosts, rules, now);
        foreach (var wish in wishes)
            round.Fill(wish);
        return round.ToDecision();
    }

    /// <summary>Why copies are missing that are neither there nor being made; null: none is.
    /// </summary>
    public static string? Shortfall(
        CacheWish wish, IReadOnlyList<CacheHost> hosts, CacheRules rules, DateTimeOffset now) =>
        new CacheRound([wish], hosts, rules, now).Shortfall(wish);
}
