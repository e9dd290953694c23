namespace NovaCow.Nemesis;

/// <summary>What to run, and on what.</summary>
public sealed record NemesisOptions
{
    /// <summary>How many schedules, one after another.</summary>
    public int Schedules { get; init; } = 1;

    /// <summary>The first one's seed; each further one's is one more.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>No schedule begins after that.</summary>
    public TimeSpan Within { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>Where the logs of a run with violations are kept.</summary>
    public string Artifacts { get; init; } = Path.Combine("artifacts", "nemesis");

    /// <summary>Whether every schedule and timeline is printed, not only those with violations.
    /// </summary>
    public bool IsVerbose { get; init; }
}
