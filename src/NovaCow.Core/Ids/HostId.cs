using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace NovaCow.Core;

/// <summary>Names one compute host in the cluster.</summary>
[JsonConverter(typeof(StringIdConverter<HostId>))]
public sealed record HostId : IStringId<HostId>
{
    private HostId(string value) => Value = value;

    /// <inheritdoc/>
    public string Value { get; }

    /// <summary>The id in <paramref name="text"/>, which is known to be valid.</summary>
    /// <exception cref="FormatException">The text is no such id; the message says why.</exception>
    public static HostId Parse(string text) =>
        TryParse(text, out var id, out var problem) ? id : throw new FormatException(problem);

    /// <inheritdoc/>
    public static bool TryParse(
        string? text,
        [NotNullWhen(true)] out HostId? id,
        [NotNullWhen(false)] out string? problem)
    {
        problem = Names.Problem("host name", text);
        id = problem is null ? new HostId(text!) : null;
        return id is not null;
    }

    /// <inheritdoc/>
    public override string ToString() => Value;
}
