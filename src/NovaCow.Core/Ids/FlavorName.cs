using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace NovaCow.Core;

/// <summary>Names a size class.</summary>
[JsonConverter(typeof(StringIdConverter<FlavorName>))]
public sealed record FlavorName : IStringId<FlavorName>
{
    private FlavorName(string value) => Value = value;

    /// <inheritdoc/>
    public string Value { get; }

    /// <summary>The id in <paramref name="text"/>, which is known to be valid.</summary>
    /// <exception cref="FormatException">The text is no such id; the message says why.</exception>
    public static FlavorName Parse(string text) =>
        TryParse(text, out var id, out var problem) ? id : throw new FormatException(problem);

    /// <inheritdoc/>
    public static bool TryParse(
        string? text,
        [NotNullWhen(true)] out FlavorName? id,
        [NotNullWhen(false)] out string? problem)
    {
        problem = Names.Problem("flavor name", text);
        id = problem is null ? new FlavorName(text!) : null;
        return id is not null;
    }

    /// <inheritdoc/>
    public override string ToString() => Value;
}
