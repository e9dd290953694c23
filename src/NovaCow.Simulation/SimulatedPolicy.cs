using NovaCow.Core.Scheduling;
using NovaCow.Simulation.Peers;

namespace NovaCow.Simulation;

/// <summary>A way to choose hosts that is simulated.</summary>
public sealed class SimulatedPolicy
{
    private readonly Func<int, Placer> _create;

    private SimulatedPolicy(string name, string about, Func<int, Placer> create) =>
        (Name, About, _create) = (name, about, create);

    /// <summary>The product's default.</summary>
    public static SimulatedPolicy ReadyTime { get; } = Own(
        "ready-time", "the product's: where it is predicted to be ready first",
        PlacementPreference.ReadyTime);

    /// <summary>Kubernetes' scheduler.</summary>
    public static SimulatedPolicy ImageLocality { get; } = Peer(
        "image-locality", "Kubernetes' default scores: least allocated, balanced, image locality",
        Peers.ImageLocality.Scorer);

    /// <summary>All that can be simulated.</summary>
    public static IReadOnlyList<SimulatedPolicy> All { get; } =
    [
        ReadyTime,
        Own("spread", "the product's: the emptiest host", PlacementPreference.Spread),
        Own("pack", "the product's: the fullest host", PlacementPreference.Pack),
        Peer("random", "any host that has room", (_, _, _) => _ => 0),
        Peer("least-loaded", "the host of which the least is claimed, any of the equals",
            (_, _, rules) => host => -host.FullestShare(rules)),
        ImageLocality,
    ];

    /// <summary>What it is called.</summary>
    public string Name { get; }

    /// <summary>What it does, in a line.</summary>
    public string About { get; }

    internal Placer Create(int seed) => _create(seed);

    private static SimulatedPolicy Own(string name, string about, PlacementPreference by) =>
        new(name, about, _ => (request, fleet, rules, now) => PlacementPolicy.Choose(
            request, fleet, rules with { Preference = by }, now));

    private static SimulatedPolicy Peer(string name, string about, HostScorer scorer) =>
        new(name, about, seed => new PeerPlacer(scorer, seed).Choose);
}
