using System.Collections.Concurrent;
using System.Globalization;

namespace NovaCow.Nemesis.Clients;

internal enum OperationKind
{
    Launch,
    Delete,
}

/// <summary>What a client knows of an operation.</summary>
internal enum Outcome
{
    /// <summary>The cluster said that it is done, or durably accepted.</summary>
    Acknowledged,

    /// <summary>No answer, or one that leaves it open: it may have happened, or happen yet.</summary>
    Unknown,

    /// <summary>The cluster said that it will not.</summary>
    Refused,
}

/// <summary>One request of one client, from its invocation to its answer.</summary>
internal sealed record Operation(
    string Client, OperationKind Kind, IReadOnlyList<string> Ids, string Node)
{
    public TimeSpan InvokedAt { get; init; }

    public TimeSpan EndedAt { get; init; }

    public Outcome Outcome { get; init; }

    /// <summary>The answer's status; 0: there was none.</summary>
    public int Status { get; init; }

    public string Detail { get; init; } = "";

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{InvokedAt.TotalSeconds,6:F2} to {EndedAt.TotalSeconds,6:F2} s  {Client} at {Node}: "
            + $"{Kind} {string.Join(' ', Ids)}: {Outcome} {Status} {Detail}");
}

/// <summary>Everything that the clients of a run did and heard.</summary>
internal sealed class History
{
    private readonly ConcurrentQueue<Operation> _operations = [];

    public IReadOnlyCollection<Operation> Operations => _operations;

    public void Add(Operation operation) => _operations.Enqueue(operation);

    public override string ToString() =>
        string.Join('\n', _operations.OrderBy(o => o.InvokedAt).Select(o => $"  {o}"));
}
