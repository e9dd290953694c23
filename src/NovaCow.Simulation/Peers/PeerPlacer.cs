using NovaCow.Core.Scheduling;

namespace NovaCow.Simulation.Peers;

/// <summary>Scores the hosts for one launch; the highest is chosen.</summary>
internal delegate Func<HostView, double> HostScorer(
    PlacementRequest request, Fleet fleet, PlacementRules rules);

/// <summary>Chooses the host of the highest score by looking at all that the product's own filters
/// let through; any of the equals, by the seed.</summary>
internal sealed class PeerPlacer(HostScorer scorer, int seed)
{
    private readonly Random _random = new(seed);

    public Placement Choose(
        PlacementRequest request, Fleet fleet, PlacementRules rules, DateTimeOffset now)
    {
        var score = scorer(request, fleet, rules);
        HostView? best = null;
        var highest = double.NegativeInfinity;
        var equals = 0;
        foreach (var host in fleet.All)
        {
            if (!PlacementPolicy.Admits(request, host, rules))
                continue;
            var its = score(host);
            equals = its > highest ? 1 : equals + (its == highest ? 1 : 0);
            if (its < highest || (its == highest && _random.Next(equals) > 0))
                continue;
            (best, highest) = (host, its);
        }

        if (best is null)
            return new Placement.NoValidHost(() => [], IsFinal: false);
        var temperature = best.Temperature(request.Spec.Image.BaseKey(), now);
        return new Placement.Chosen(
            new HostTerms(best.Id, temperature, best.Claims.Launches, default, null));
    }
}
