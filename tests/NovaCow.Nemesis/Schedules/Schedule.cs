using System.Globalization;

namespace NovaCow.Nemesis.Schedules;

/// <summary>The fleet that faults are done to.</summary>
public sealed record FleetShape
{
    public int Controls { get; init; } = 3;

    public int Hosts { get; init; } = 3;

    /// <summary>Whether the store is a server that can be lost.</summary>
    public bool HasDatabase { get; init; }

    /// <summary>The host whose disk can be filled; null: none.</summary>
    public string? SmallHost { get; init; }

    /// <summary>The names of its control nodes, then those of its hosts.</summary>
    public IEnumerable<string> Nodes =>
        Enumerable.Range(1, Controls).Select(Parts.Control)
            .Concat(Enumerable.Range(1, Hosts).Select(Parts.Host));
}

/// <summary>A fault, when it begins after the start, and for how long.</summary>
public sealed record Step(TimeSpan At, Fault Fault, TimeSpan For)
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{At.TotalSeconds,5:F2} s  {Fault}  for {For.TotalSeconds:F2} s");
}

/// <summary>What a seed stands for.</summary>
public sealed record Schedule(int Seed, IReadOnlyList<Step> Steps)
{
    /// <summary>When the last fault is over.</summary>
    public TimeSpan Length => Steps.Max(s => s.At + s.For);

    public override string ToString() => string.Join('\n', Steps.Select(s => $"  {s}"));
}
