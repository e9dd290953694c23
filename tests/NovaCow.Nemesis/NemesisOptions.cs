namespace NovaCow.Nemesis;

/// <summary>What to run, and on what.</summary>
public sealed record NemesisOptions
{
    /// <summary>How many schedules, one after another.</summary>
    public int Schedules { get; init; } = 1;

    /// <summary>The first one's seed; each further one's is one more.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>What the control nodes share.</summary>
    public StoreKind Store { get; init; }

    /// <summary>What lies between the nodes.</summary>
    public NetworkKind Network { get; init; }

    /// <summary>No schedule begins after that.</summary>
    public TimeSpan Within { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>Where the logs of a run with violations are kept.</summary>
    public string Artifacts { get; init; } = Path.Combine("artifacts", "nemesis");

    /// <summary>Whether every schedule and timeline is printed, not only those with violations.
    /// </summary>
    public bool IsVerbose { get; init; }
}

/// <summary>What the control nodes of a fleet share.</summary>
public enum StoreKind
{
    /// <summary>One file.</summary>
    Sqlite,

    /// <summary>A server of its own, which can be lost.</summary>
    Postgres,
}

/// <summary>How nodes are cut off from each other.</summary>
public enum NetworkKind
{
    /// <summary>By a forwarder in front of each, on loopback.</summary>
    Proxies,

    /// <summary>Each in a network namespace; needs root.</summary>
    Namespaces,
}
