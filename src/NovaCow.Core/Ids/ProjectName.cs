using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace NovaCow.Core;

/// <summary>Names a project: launches of different projects take turns in the queue.</summary>
[JsonConverter(typeof(StringIdConverter<ProjectName>))]
public sealed record ProjectName : IStringId<ProjectName>
{
    private ProjectName(string value) => Value = value;

    /// <summary>The project of launches that name none.</summary>
    public static ProjectName Default { get; } = new("default");

    /// <inheritdoc/>
    public string Value { get; }

    /// <summary>The name in <paramref name="text"/>, which is known to be valid.</summary>
    /// <exception cref="FormatException">The text is no such name; the message says why.
    /// </exception>
    public static ProjectName Parse(string text) =>
        TryParse(text, out var id, out var problem) ? id : throw new FormatException(problem);

    /// <inheritdoc/>
    public static bool TryParse(
        string? text,
        [NotNullWhen(true)] out ProjectName? id,
        [NotNullWhen(false)] out string? problem)
    {
        problem = Names.Problem("project", text);
        id = problem is null ? new ProjectName(text!) : null;
        return id is not null;
    }

    /// <inheritdoc/>
    public override string ToString() => Value;
}
