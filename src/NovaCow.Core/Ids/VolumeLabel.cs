using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace NovaCow.Core;

/// <summary>
/// The label of a file system, by which a guest finds it. One rule for all, so that a label is
/// valid whatever the disk is formatted with: FAT's are the shortest.
/// </summary>
[JsonConverter(typeof(StringIdConverter<VolumeLabel>))]
public sealed record VolumeLabel : IStringId<VolumeLabel>
{
    /// <summary>How many characters a label can have.</summary>
    public const int MaxLength = 11;

    private VolumeLabel(string value) => Value = value;

    /// <inheritdoc/>
    public string Value { get; }

    /// <summary>The label in <paramref name="text"/>, which is known to be valid.</summary>
    /// <exception cref="FormatException">The text is no label; the message says why.</exception>
    public static VolumeLabel Parse(string text) =>
        TryParse(text, out var id, out var problem) ? id : throw new FormatException(problem);

    /// <inheritdoc/>
    public static bool TryParse(
        string? text,
        [NotNullWhen(true)] out VolumeLabel? id,
        [NotNullWhen(false)] out string? problem)
    {
        var isValid = text is { Length: > 0 and <= MaxLength }
            && char.IsAsciiLetterOrDigit(text[0])
            && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '_');
        id = isValid ? new VolumeLabel(text!) : null;
        problem = isValid
            ? null
            : $"label '{Names.Printable(text ?? "")}': expected 1 to {MaxLength} characters of "
                + "a-z, 0-9, '-' and '_', the first a letter or a digit";
        return isValid;
    }

    /// <inheritdoc/>
    public override string ToString() => Value;
}
