namespace NovaCow.Core;

/// <summary>Something that an operator says of a host, for launches to choose by.</summary>
/// <param name="Name">Its name, for example <c>zone</c>.</param>
/// <param name="Value">Its value.</param>
public sealed record HostLabel(string Name, string Value)
{
    /// <summary>The most labels that a host has.</summary>
    public const int MaxPerHost = 32;

    /// <summary>Why this is no label; null: it is one.</summary>
    public static string? Problem(string name, string value) =>
        Names.Problem("label", name) ?? Names.Problem($"label {name}", value);

    /// <inheritdoc/>
    public override string ToString() => $"{Name}={Value}";
}
