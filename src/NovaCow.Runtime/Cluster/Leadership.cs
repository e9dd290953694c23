using System.Collections.Concurrent;
using NovaCow.Runtime.Actors;

namespace NovaCow.Runtime.Cluster;

/// <summary>What this process knows about who leads, for those who are not actors. The managers
/// of singletons keep it; it decides nothing.</summary>
public sealed class Leadership
{
    private readonly ConcurrentDictionary<string, Entry> _leases = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> _troubles = new(StringComparer.Ordinal);

    private Leadership()
    {
    }

    public static Leadership Of(ActorSystem system)
    {
        ArgumentNullException.ThrowIfNull(system);
        return system.RegisterExtension(_ => new Leadership());
    }

    /// <summary>The leader, as last heard; null when nothing was heard.</summary>
    public LeaderChanged? Current(string lease) => _leases.GetValueOrDefault(lease)?.Leader;

    /// <summary>Whether this node leads and no other can by now. Ask it right before an act that
    /// a store does not fence: the answer is true of this moment only.</summary>
    public bool Leads(string lease) =>
        _leases.GetValueOrDefault(lease) is { Leader.IsSelf: true } entry
        && entry.Clock.Now < entry.SafeUntil;

    /// <summary>Why the store did not answer the last question about a lease; null: it did, or was
    /// not asked by this process.</summary>
    public string? Trouble(string lease) => _troubles.GetValueOrDefault(lease);

    /// <summary>The store did not answer, or, null, it did.</summary>
    public void SetTrouble(string lease, string? why)
    {
        if (why is null)
            _troubles.TryRemove(lease, out _);
        else
            _troubles[lease] = why;
    }

    internal void Set(LeaderChanged leader, LeaseClock clock, TimeSpan safeUntil) =>
        _leases[leader.Lease] = new Entry(leader, clock, safeUntil);

    private sealed record Entry(LeaderChanged Leader, LeaseClock Clock, TimeSpan SafeUntil);
}
