using System.Text.Json.Serialization;

namespace NovaCow.Simulation;

/// <summary>How many seconds passed from the acceptance of launches until they were ready.
/// </summary>
public sealed record ReadySeconds(double P50, double P90, double P99, double Max)
{
    internal static ReadySeconds? Of(IReadOnlyList<double> sorted) => sorted.Count == 0
        ? null
        : new ReadySeconds(
            Quantile.Of(sorted, 0.5), Quantile.Of(sorted, 0.9), Quantile.Of(sorted, 0.99),
            sorted[^1]);
}

/// <summary>How a policy did, of the launches that came after the warm-up.</summary>
public sealed record PolicyReport
{
    /// <summary>The policy's name.</summary>
    public required string Policy { get; init; }

    /// <summary>Launches that were measured.</summary>
    public required int Launches { get; init; }

    /// <summary>How soon they were ready; null: none was.</summary>
    public required ReadySeconds? Ready { get; init; }

    /// <summary>The share of those whose base was ready on their host when they came there.
    /// </summary>
    public required double WarmShare { get; init; }

    /// <summary>Those that waited because no host had room.</summary>
    public required int Waited { get; init; }

    /// <summary>Those that failed or were refused.</summary>
    public required int Failed { get; init; }

    /// <summary>Bytes that hosts fetched, in the warm-up too.</summary>
    public required long BytesFetched { get; init; }

    /// <summary>The coefficient of variation of the hosts' fullest shares, averaged over time.
    /// </summary>
    public required double Imbalance { get; init; }

    /// <summary>Each measured launch's seconds, in order of size.</summary>
    [JsonIgnore]
    public IReadOnlyList<double> AllReadySeconds { get; init; } = [];
}

/// <summary>What a decision took on the machine that simulated it, in microseconds.</summary>
public sealed record DecisionMicroseconds(string Policy, int Decisions, double P50, double P99);

/// <summary>A comparison. The same settings give the same reports, to the byte.</summary>
public sealed record SimulationReport(
    SimulationSettings Settings, IReadOnlyList<PolicyReport> Policies);

/// <summary>A comparison, and what its decisions took.</summary>
public sealed record SimulationOutcome(
    SimulationReport Report, IReadOnlyList<DecisionMicroseconds> Decisions);

internal static class Quantile
{
    /// <summary>The least value that so large a share is not above; 0 of none.</summary>
    public static double Of(IReadOnlyList<double> sorted, double share) => sorted.Count == 0
        ? 0
        : sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Count) - 1, 0, sorted.Count - 1)];
}
