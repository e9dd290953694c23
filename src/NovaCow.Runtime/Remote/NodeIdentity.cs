namespace NovaCow.Runtime.Remote;

/// <summary>Who a process is to its peers. Said once, when a link is made.</summary>
public sealed record NodeIdentity
{
    /// <summary>The cluster it belongs to; nodes of different clusters refuse each other.</summary>
    public string Cluster { get; init; } = "novacow";

    /// <summary>The node's own name, unique in its cluster.</summary>
    public required string Name { get; init; }

    /// <summary>What it does there: <c>control</c>, <c>host</c>.</summary>
    public IReadOnlyList<string> Roles { get; init; } = [];

    /// <summary>Differs for every life of the process, so that a restart is told from a
    /// reconnection.</summary>
    public required string Incarnation { get; init; }

    /// <summary>Where others can dial it; empty when it only dials.</summary>
    public string Address { get; init; } = "";

    /// <inheritdoc/>
    public override string ToString() => $"{Name}/{Incarnation}";
}
