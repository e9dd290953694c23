using NovaCow.Core.Hosting;

namespace NovaCow.Core.Scheduling;

/// <summary>
/// The hosts in blocks, each with the least that any of its hosts costs, so that a launch whose
/// base few hosts have finds the best of the others without looking at most of them. A part of
/// <see cref="Fleet"/>.
/// </summary>
internal sealed class ColdIndex
{
    // Of so many, the least costs are seldom those of one host, and yet not far below it.
    private const int BlockHosts = 16;

    private readonly List<(HostView? View, Least Cost)> _hosts = [];
    private readonly List<Least> _blocks = [];
    private readonly Stack<int> _free = new();

    /// <summary>Takes a host in.</summary>
    /// <returns>Its place, for <see cref="Set"/>.</returns>
    public int Add()
    {
        if (_free.TryPop(out var place))
            return place;
        if (_hosts.Count % BlockHosts == 0)
            _blocks.Add(Least.Nothing);
        _hosts.Add((null, Least.Nothing));
        return _hosts.Count - 1;
    }

    /// <summary>The host at a place is so now, and costs so much whatever is launched.</summary>
    public void Set(int place, HostView view, double standing) =>
        Set(place, view, Least.Of(view, standing));

    /// <summary>The place is free.</summary>
    public void Remove(int place)
    {
        Set(place, null, Least.Nothing);
        _free.Push(place);
    }

    /// <summary>Shows every host where a base that is absent could weigh no more than a limit.
    /// </summary>
    /// <param name="cost">What the base costs.</param>
    /// <param name="limit">The limit, in seconds.</param>
    /// <param name="look">Looks at a host, and says what the limit is then.</param>
    public void Visit(ColdCost cost, double limit, Func<HostView, double> look)
    {
        for (var block = 0; block < _blocks.Count; block++)
        {
            if (cost.AtLeast(_blocks[block]) > limit)
                continue;
            var end = Math.Min(_hosts.Count, (block + 1) * BlockHosts);
            for (var i = block * BlockHosts; i < end; i++)
            {
                var (view, least) = _hosts[i];
                if (view is not null && cost.AtLeast(least) <= limit)
                    limit = look(view);
            }
        }
    }

    private void Set(int place, HostView? view, Least cost)
    {
        _hosts[place] = (view, cost);
        var block = place / BlockHosts;
        var least = Least.Nothing;
        var end = Math.Min(_hosts.Count, (block + 1) * BlockHosts);
        for (var i = block * BlockHosts; i < end; i++)
            least = least.And(_hosts[i].Cost);
        _blocks[block] = least;
    }

    /// <summary>The least that one of some hosts costs: seconds whatever is launched, and for each
    /// byte to fetch and to build; infinite where no host observed its own.</summary>
    internal readonly record struct Least(double Standing, double Fetch, double Build)
    {
        public static Least Nothing { get; } = new(
            double.PositiveInfinity, double.PositiveInfinity, double.PositiveInfinity);

        public static Least Of(HostView view, double standing)
        {
            var rate = 0.0;
            foreach (var (_, its) in view.Paces.FetchBytesPerSecond)
                rate = Math.Max(rate, its);
            return new Least(standing, 1 / rate, 1 / (view.Paces.BuildBytesPerSecond ?? 0));
        }

        public Least And(Least other) => new(
            Math.Min(Standing, other.Standing),
            Math.Min(Fetch, other.Fetch),
            Math.Min(Build, other.Build));
    }
}

/// <summary>What a base costs on a host that does not have it, as far as it can be said of many
/// hosts at once: a host that has not observed its paces has the usual ones.</summary>
internal readonly record struct ColdCost(
    double FetchBytes, double BuildBytes, double UsualFetch, double UsualBuild)
{
    // The same sum, added up in another order, may be this much less.
    private const double Rounding = 1 - 1e-9;

    /// <summary>What an image's base costs.</summary>
    public static ColdCost Of(Image image, SourceRates rates, PlacementRules rules)
    {
        var (work, factor) = (ReadyTime.All(image), 1 + rules.TrafficRatio);
        return new ColdCost(
            work.FetchBytes * factor,
            work.BuildBytes * factor,
            1 / rates.Fetch(HostPaces.Unknown, image.SourceKey()),
            1 / rates.Build(HostPaces.Unknown));
    }

    /// <summary>What it weighs at least, in seconds.</summary>
    public double AtLeast(ColdIndex.Least hosts) => Rounding * (hosts.Standing
        + (FetchBytes * Math.Min(hosts.Fetch, UsualFetch))
        + (BuildBytes * Math.Min(hosts.Build, UsualBuild)));
}
