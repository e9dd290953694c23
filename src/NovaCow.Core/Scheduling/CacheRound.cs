using NovaCow.Core.Hosting;

namespace NovaCow.Core.Scheduling;

/// <summary>One run of <see cref="CachePlan"/>: what it has ordered so far counts for what it
/// orders next.</summary>
internal sealed class CacheRound
{
    private readonly IReadOnlyList<CacheHost> _hosts;
    private readonly CacheRules _rules;
    private readonly DateTimeOffset _now;
    private readonly Dictionary<BaseKey, List<int>> _holders = [];
    private readonly Dictionary<HostId, int> _index = [];
    private readonly Dictionary<string, int> _fromSource = [];
    private readonly HashSet<(int Host, BaseKey Key)> _ordered = [];
    private readonly List<(HostId Host, Image Image)> _orders = [];
    private readonly Dictionary<HostId, HashSet<BaseKey>> _kept = [];
    private readonly int[] _underWay;
    private readonly int[] _ordersOpen;
    private readonly int[] _copies;

    public CacheRound(
        IReadOnlyList<CacheWish> wishes,
        IReadOnlyList<CacheHost> hosts,
        CacheRules rules,
        DateTimeOffset now)
    {
        (_hosts, _rules, _now) = (hosts, rules, now);
        (_underWay, _ordersOpen, _copies) =
            (new int[hosts.Count], new int[hosts.Count], new int[hosts.Count]);
        foreach (var key in wishes.SelectMany(w => w.Parts).Select(p => p.BaseKey()))
            _holders.TryAdd(key, []);
        for (var h = 0; h < hosts.Count; h++)
            Index(h);
        foreach (var wish in wishes)
        {
            foreach (var h in Holders(wish))
                _copies[h]++;
            foreach (var part in wish.Parts)
                CountFetches(part);
        }
    }

    public CacheDecision ToDecision() => new(_orders, _kept);

    /// <summary>Orders what is missing of a wish, and keeps what there is of it.</summary>
    public void Fill(CacheWish wish)
    {
        foreach (var id in wish.Hosts)
        {
            if (_index.TryGetValue(id, out var h) && StateOf(h, wish) == CopyState.Absent)
                TryOrder(h, wish);
        }

        var missing = Missing(wish);
        if (missing > 0 && _orders.Count < _rules.MaxOrders)
        {
            foreach (var h in Candidates(wish))
            {
                if (TryOrder(h, wish) && --missing == 0)
                    break;
            }
        }

        Keep(wish);
    }

    /// <summary>Why copies are missing; null: none is.</summary>
    public string? Shortfall(CacheWish wish)
    {
        var missing = Missing(wish);
        List<string> reasons =
        [
            .. wish.Hosts
                .Select(id => (Id: id, Why: _index.TryGetValue(id, out var h)
                    ? WhyMissing(h, wish) : "never joined"))
                .Where(l => l.Why is not null)
                .Select(l => $"{l.Id}: {l.Why}"),
        ];
        if (missing > 0)
        {
            var others = Enumerable.Range(0, _hosts.Count)
                .Where(h => !wish.Hosts.Contains(_hosts[h].Id))
                .Select(h => WhyMissing(h, wish))
                .OfType<string>()
                .GroupBy(why => why)
                .OrderByDescending(g => g.Count())
                .Take(MaxReasons)
                .Select(g => $"{g.Count()} hosts: {g.Key}")
                .ToList();
            reasons.Add(others.Count > 0
                ? $"{missing} more wanted: {string.Join("; ", others)}"
                : $"{missing} more wanted than there are hosts");
        }

        return reasons.Count == 0 ? null : string.Join("; ", reasons);
    }

    private const int MaxReasons = 5;

    private void Index(int h)
    {
        var host = _hosts[h];
        _index[host.Id] = h;
        foreach (var (key, report) in host.Bases)
        {
            if (report.State == BaseState.Creating)
                _underWay[h]++;
            if (report.State is BaseState.Creating or BaseState.Ready)
                AddHolder(key, h);
        }

        foreach (var key in host.Ordered.Concat(host.Expected.Keys))
        {
            if (!host.Bases.TryGetValue(key, out var report)
                || report.State is not (BaseState.Creating or BaseState.Ready))
            {
                _underWay[h]++;
            }

            AddHolder(key, h);
        }

        _ordersOpen[h] = host.Ordered.Count;
    }

    private void AddHolder(BaseKey key, int h)
    {
        if (_holders.TryGetValue(key, out var holders) && (holders.Count == 0 || holders[^1] != h))
            holders.Add(h);
    }

    private void CountFetches(Image part)
    {
        if (part.Server() is not { } source)
            return;
        var key = part.BaseKey();
        foreach (var h in _holders[key])
        {
            if (!_hosts[h].IsReady(key))
                _fromSource[source] = _fromSource.GetValueOrDefault(source) + 1;
        }
    }

    /// <summary>Hosts that count, and have a copy or make one; in the order of their ids.</summary>
    private IEnumerable<int> Holders(CacheWish wish) => _holders[wish.Image.BaseKey()]
        .Where(h => _hosts[h].IsCounted && StateOf(h, wish) >= CopyState.Making);

    private CopyState StateOf(int h, CacheWish wish)
    {
        var state = _hosts[h].StateOf(wish, _now);
        return state < CopyState.Making && _ordered.Contains((h, wish.Image.BaseKey()))
            ? CopyState.Making
            : state;
    }

    // A host that is to have it by name counts for the number, too.
    private int Missing(CacheWish wish) => wish.Copies - Holders(wish).Count();

    private IEnumerable<int> Candidates(CacheWish wish) => Enumerable.Range(0, _hosts.Count)
        .Where(h => _hosts[h].ClosedBecause is null && _ordersOpen[h] < _rules.MaxPerHost
            && StateOf(h, wish) == CopyState.Absent)
        .OrderByDescending(h => wish.InPlaceOf is { } old && _hosts[h].IsReady(old))
        .ThenBy(h => _hosts[h].Bases.ContainsKey(wish.Image.BaseKey()))
        .ThenBy(h => _underWay[h])
        .ThenBy(h => _copies[h])
        .ThenByDescending(h => _hosts[h].RoomBytes)
        .ThenBy(h => _hosts[h].Id.Value, StringComparer.Ordinal)
        .ToList();

    private bool TryOrder(int h, CacheWish wish)
    {
        if (_orders.Count >= _rules.MaxOrders || WhyNot(h, wish) is not null)
            return false;
        _copies[h]++;
        var holders = _holders[wish.Image.BaseKey()];
        if (!holders.Contains(h))
            holders.Add(h);
        foreach (var part in wish.Parts.Where(p => IsMissing(h, p)).ToList())
        {
            _ordered.Add((h, part.BaseKey()));
            _orders.Add((_hosts[h].Id, part));
            (_underWay[h], _ordersOpen[h]) = (_underWay[h] + 1, _ordersOpen[h] + 1);
            if (part.Server() is { } source)
                _fromSource[source] = _fromSource.GetValueOrDefault(source) + 1;
        }

        // Also where only what it boots with was missing.
        _ordered.Add((h, wish.Image.BaseKey()));
        return true;
    }

    private string? WhyMissing(int h, CacheWish wish) => StateOf(h, wish) switch
    {
        CopyState.Absent => WhyNot(h, wish) ?? "asked within a second",
        CopyState.Failing => _hosts[h].ClosedBecause ?? wish.Parts
            .Select(p => _hosts[h].Bases.GetValueOrDefault(p.BaseKey())?.Error?.Message)
            .FirstOrDefault(m => m is not null) ?? "failed",
        _ => null,
    };

    /// <summary>Why a host that lacks it cannot be asked now.</summary>
    private string? WhyNot(int h, CacheWish wish)
    {
        var host = _hosts[h];
        if (host.ClosedBecause is { } closed)
            return closed;
        if (host.HasLaunchBuilds())
            return "launches wait there for other bases, which come first";
        if (_ordersOpen[h] >= _rules.MaxPerHost)
            return $"{_ordersOpen[h]} other copies are being made there";
        var parts = wish.Parts.Where(p => IsMissing(h, p)).ToList();
        var needed = parts.Sum(p => BaseSpace.NeededBytes(new BaseContent.OfImage(p)));
        if (needed > host.RoomBytes)
            return $"needs {needed} bytes, {Math.Max(0, host.RoomBytes)} can be freed";
        return parts.Select(p => p.Server()).OfType<string>()
            .Where(s => _fromSource.GetValueOrDefault(s) >= _rules.MaxPerSource)
            .Select(s => $"{_rules.MaxPerSource} copies are being fetched from {s}")
            .FirstOrDefault();
    }

    private bool IsMissing(int h, Image part)
    {
        var (host, key) = (_hosts[h], part.BaseKey());
        return !_ordered.Contains((h, key))
            && !host.Ordered.Contains(key)
            && !host.Expected.ContainsKey(key)
            && (host.Bases.GetValueOrDefault(key)?.State
                is not (BaseState.Ready or BaseState.Creating));
    }

    /// <summary>
    /// Pins and named hosts keep what they are about; of the others exactly as many copies are kept
    /// as are wanted, those that are whole first, and of them those that were kept before: what is
    /// let go may be gone before another one is known to be kept.
    /// </summary>
    private void Keep(CacheWish wish)
    {
        if (wish.IsPinned)
        {
            foreach (var id in wish.PinnedOn.Count > 0 ? wish.PinnedOn : _hosts.Select(h => h.Id))
                KeepOn(id, wish);
        }

        foreach (var id in wish.Hosts)
            KeepOn(id, wish);
        if (wish.Copies == 0)
            return;
        var key = wish.Image.BaseKey();
        var chosen = Holders(wish)
            .OrderByDescending(h => StateOf(h, wish))
            .ThenByDescending(h => _kept.GetValueOrDefault(_hosts[h].Id)?.Contains(key) == true)
            .ThenByDescending(h => _hosts[h].Kept.Contains(key))
            .ThenByDescending(h => _hosts[h].ClosedBecause is null)
            .ThenBy(h => _hosts[h].Id.Value, StringComparer.Ordinal)
            .Take(wish.Copies)
            .ToList();
        foreach (var h in chosen)
            KeepOn(_hosts[h].Id, wish);
    }

    private void KeepOn(HostId id, CacheWish wish)
    {
        if (!_kept.TryGetValue(id, out var kept))
            _kept[id] = kept = [];
        foreach (var part in wish.Parts)
            kept.Add(part.BaseKey());
    }
}
