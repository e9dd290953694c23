using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace NovaCow.Core;

/// <summary>Names a catalogue entry.</summary>
[JsonConverter(typeof(StringIdConverter<ImageName>))]
public sealed record ImageName : IStringId<ImageName>
{
    private ImageName(string value) => Value = value;

    /// <inheritdoc/>
    public string Value { get; }

    /// <summary>The id in <paramref name="text"/>, which is known to be valid.</summary>
    /// <exception cref="FormatException">The text is no such id; the message says why.</exception>
    public static ImageName Parse(string text) =>
        TryParse(text, out var id, out var problem) ? id : throw new FormatException(problem);

    /// <inheritdoc/>
    public static bool TryParse(
        string? text,
        [NotNullWhen(true)] out ImageName? id,
        [NotNullWhen(false)] out string? problem)
    {
        problem = Names.Problem("image name", text);
        id = problem is null ? new ImageName(text!) : null;
        return id is not null;
    }

    /// <inheritdoc/>
    public override string ToString() => Value;
}
