using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace NovaCow.Core;

/// <summary>An identifier that is one validated string, and travels as that string.</summary>
public interface IStringId<TSelf>
    where TSelf : class, IStringId<TSelf>
{
    /// <summary>The text that was validated.</summary>
    string Value { get; }

    /// <summary>Validates <paramref name="text"/>.</summary>
    /// <param name="text">The candidate.</param>
    /// <param name="id">The id, when the text is one.</param>
    /// <param name="problem">What is wrong and what would be right, when it is not.</param>
    static abstract bool TryParse(
        string? text,
        [NotNullWhen(true)] out TSelf? id,
        [NotNullWhen(false)] out string? problem);
}

/// <summary>Writes and reads an <see cref="IStringId{TSelf}"/> as a JSON string.</summary>
public sealed class StringIdConverter<T> : JsonConverter<T>
    where T : class, IStringId<T>
{
    /// <inheritdoc/>
    public override T Read(
        ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        return T.TryParse(reader.GetString(), out var id, out var problem)
            ? id
            : throw new JsonException(problem);
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Value);

    /// <inheritdoc/>
    public override T ReadAsPropertyName(
        ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Read(ref reader, typeToConvert, options);

    /// <inheritdoc/>
    public override void WriteAsPropertyName(
        Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
        writer.WritePropertyName(value.Value);
}

internal static class Names
{
    public const int MaxLength = 63;

    /// <summary>
    /// What may stand in a file name, a URL segment and a host name alike: lower-case letters,
    /// digits, '-' and '.', starting and ending with a letter or digit, without "..".
    /// </summary>
    public static string? Problem(string what, string? text)
    {
        if (string.IsNullOrEmpty(text))
            return $"{what}: empty; give 1 to {MaxLength} characters of a-z, 0-9, '-' and '.'";
        if (text.Length > MaxLength)
            return $"{what}: {text.Length} characters; at most {MaxLength} are allowed";
        var whole = char.IsAsciiLetterOrDigit(text[0]) && char.IsAsciiLetterOrDigit(text[^1])
            && !text.Contains("..");
        foreach (var c in text)
            whole &= char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '.';
        return whole
            ? null
            : $"{what} '{Printable(text)}': only a-z, 0-9, '-' and single '.' are allowed, "
                + "and it starts and ends with a letter or a digit";
    }

    /// <summary>Hostile text made safe for an error message or a log line.</summary>
    public static string Printable(string text) =>
        string.Concat(text.Select(c => char.IsControl(c) ? '?' : c));
}
