using NovaCow.Core.Hosting;

namespace NovaCow.Core.Scheduling;

/// <summary>
/// The hosts as placement sees them, indexed so that a choice looks at few of them: in the order of
/// what each costs whatever is launched, and by the bases that they have. One actor's state; it
/// decides nothing.
/// </summary>
public sealed class Fleet(PlacementRules rules)
{
    private readonly Dictionary<HostId, Entry> _hosts = [];
    private readonly SortedSet<Entry> _byStanding = new(Entry.Order);
    private readonly Dictionary<BaseKey, HashSet<HostId>> _having = [];
    private readonly SourceRates _rates = new(rules);
    private readonly ColdIndex _cold = new();

    /// <summary>How many hosts there are.</summary>
    public int Count => _hosts.Count;

    /// <summary>All hosts, in no order.</summary>
    public IEnumerable<HostView> All => _hosts.Values.Select(e => e.View);

    /// <summary>All hosts, with what each costs whatever is launched; the cheapest first, then by
    /// id.</summary>
    public IEnumerable<(HostView View, double Standing)> ByStanding =>
        _byStanding.Select(e => (e.View, e.Standing));

    /// <summary>The same, the dearest first.</summary>
    public IEnumerable<(HostView View, double Standing)> ByStandingReversed =>
        _byStanding.Reverse().Select(e => (e.View, e.Standing));

    /// <summary>How fast hosts fetch and build that have not done so themselves.</summary>
    internal SourceRates Rates => _rates;

    /// <summary>The hosts by what a base costs that they do not have.</summary>
    internal ColdIndex Cold => _cold;

    /// <summary>A host as it is seen now; null: it is not there.</summary>
    public HostView? Find(HostId host) => _hosts.GetValueOrDefault(host)?.View;

    /// <summary>The hosts that have a base, or will.</summary>
    public IReadOnlyCollection<HostId> Having(BaseKey key) =>
        _having.TryGetValue(key, out var hosts) ? hosts : [];

    /// <summary>Takes in how a host is now.</summary>
    /// <param name="view">The host; its dictionaries may be live ones.</param>
    /// <param name="bases">The bases that it has or will have come or gone since it was taken in
    /// last; null: look at all of them.</param>
    public void Put(HostView view, IEnumerable<BaseKey>? bases = null)
    {
        var old = _hosts.GetValueOrDefault(view.Id);
        if (old is not null)
            _byStanding.Remove(old);
        _rates.Replace(old?.View.Paces, view.Paces);
        var entry = new Entry(
            view, ReadyTime.Standing(view, rules), old?.Place ?? _cold.Add());
        _cold.Set(entry.Place, view, entry.Standing);
        _hosts[view.Id] = entry;
        _byStanding.Add(entry);
        foreach (var key in bases ?? view.Bases.Keys.Concat(view.Expected.Keys))
            Index(key, view);
    }

    /// <summary>A host is no longer there.</summary>
    /// <param name="host">The host.</param>
    /// <param name="bases">The bases that came or went since it was taken in last.</param>
    public void Remove(HostId host, IEnumerable<BaseKey> bases)
    {
        if (!_hosts.Remove(host, out var old))
            return;
        _byStanding.Remove(old);
        _cold.Remove(old.Place);
        _rates.Replace(old.View.Paces, null);
        foreach (var key in old.View.Bases.Keys.Concat(old.View.Expected.Keys).Concat(bases))
            Forget(key, host);
    }

    private void Index(BaseKey key, HostView view)
    {
        var has = view.Bases.ContainsKey(key) || view.Expected.ContainsKey(key);
        if (!_having.TryGetValue(key, out var hosts))
        {
            if (!has)
                return;
            _having[key] = hosts = [];
        }

        if (has)
            hosts.Add(view.Id);
        else
            Forget(key, view.Id);
    }

    private void Forget(BaseKey key, HostId host)
    {
        if (_having.TryGetValue(key, out var hosts) && hosts.Remove(host) && hosts.Count == 0)
            _having.Remove(key);
    }

    private sealed record Entry(HostView View, double Standing, int Place)
    {
        public static Comparer<Entry> Order { get; } = Comparer<Entry>.Create((a, b) =>
        {
            var byStanding = a.Standing.CompareTo(b.Standing);
            return byStanding != 0
                ? byStanding
                : string.CompareOrdinal(a.View.Id.Value, b.View.Id.Value);
        });
    }
}
