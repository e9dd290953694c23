using NovaCow.Core.Hosting;

namespace NovaCow.Core.Scheduling;

/// <summary>What the scheduler has ordered of a host's copies, and told it to keep, in this
/// leader's time and over the host's present connection.</summary>
internal sealed class CachePresence
{
    private static readonly HashSet<BaseKey> Nothing = [];
    private bool _isPlanned;

    public Dictionary<BaseKey, CacheOrder> Orders { get; } = [];

    public HashSet<BaseKey> Protected { get; private set; } = [];

    /// <summary>What it keeps by a plan, rather than until there is one.</summary>
    public IReadOnlySet<BaseKey> Planned => _isPlanned ? Protected : Nothing;

    public HashSet<BaseKey> Retired { get; private set; } = [];

    public void Begin(HashSet<BaseKey> kept)
    {
        Orders.Clear();
        _isPlanned = false;
        (Protected, Retired) = (kept, []);
    }

    /// <summary>Takes over what the host is to be told.</summary>
    /// <returns>What to tell it; null: it knows.</returns>
    public KeptBases? Tell(HashSet<BaseKey> kept, HashSet<BaseKey> retired)
    {
        _isPlanned = true;
        if (Protected.SetEquals(kept) && Retired.SetEquals(retired))
            return null;
        (Protected, Retired) = (kept, retired);
        return ToKept();
    }

    public KeptBases ToKept() => new(Sorted(Protected), Sorted(Retired));

    private static List<BaseKey> Sorted(HashSet<BaseKey> keys) =>
        [.. keys.OrderBy(k => k.Value, StringComparer.Ordinal)];
}

/// <summary>A base that a host was asked to have.</summary>
internal sealed class CacheOrder(DateTimeOffset at)
{
    public DateTimeOffset At => at;

    /// <summary>The host works at it.</summary>
    public bool IsSeen { get; set; }

    /// <summary>The host failed at it.</summary>
    public LaunchError? Failure { get; set; }
}
