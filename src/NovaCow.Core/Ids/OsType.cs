using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace NovaCow.Core;

/// <summary>Which operating system an image holds, as far as it matters to disks made beside it:
/// <c>linux</c>, <c>windows</c>, or any short name that the configuration knows.</summary>
[JsonConverter(typeof(StringIdConverter<OsType>))]
public sealed record OsType : IStringId<OsType>
{
    private OsType(string value) => Value = value;

    /// <inheritdoc/>
    public string Value { get; }

    /// <summary>The name in <paramref name="text"/>, which is known to be valid.</summary>
    /// <exception cref="FormatException">The text is no such name; the message says why.
    /// </exception>
    public static OsType Parse(string text) =>
        TryParse(text, out var id, out var problem) ? id : throw new FormatException(problem);

    /// <inheritdoc/>
    public static bool TryParse(
        string? text,
        [NotNullWhen(true)] out OsType? id,
        [NotNullWhen(false)] out string? problem)
    {
        problem = Names.Problem("OS type", text);
        id = problem is null ? new OsType(text!) : null;
        return id is not null;
    }

    /// <inheritdoc/>
    public override string ToString() => Value;
}
