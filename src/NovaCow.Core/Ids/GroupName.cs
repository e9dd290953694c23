using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace NovaCow.Core;

/// <summary>Names a group of instances of which one host takes at most one.</summary>
[JsonConverter(typeof(StringIdConverter<GroupName>))]
public sealed record GroupName : IStringId<GroupName>
{
    private GroupName(string value) => Value = value;

    /// <inheritdoc/>
    public string Value { get; }

    /// <summary>The name in <paramref name="text"/>, which is known to be valid.</summary>
    /// <exception cref="FormatException">The text is no such name; the message says why.
    /// </exception>
    public static GroupName Parse(string text) =>
        TryParse(text, out var id, out var problem) ? id : throw new FormatException(problem);

    /// <inheritdoc/>
    public static bool TryParse(
        string? text,
        [NotNullWhen(true)] out GroupName? id,
        [NotNullWhen(false)] out string? problem)
    {
        problem = Names.Problem("group", text);
        id = problem is null ? new GroupName(text!) : null;
        return id is not null;
    }

    /// <inheritdoc/>
    public override string ToString() => Value;
}
