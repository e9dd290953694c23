using System.Text.Json;
using System.Text.Json.Serialization;

namespace NovaCow.Core;

/// <summary>Writes an enum's member in lower case, and reads only what it would write.</summary>
public sealed class LowerCaseEnumConverter<T> : JsonConverter<T>
    where T : struct, Enum
{
    private static readonly Dictionary<string, T> ByName =
        Enum.GetValues<T>().ToDictionary(v => v.ToString().ToLowerInvariant());

    /// <summary>The names that are accepted, in the order they were declared.</summary>
    public static IReadOnlyCollection<string> AllNames => ByName.Keys;

    /// <summary>Reads a member's lower-case name.</summary>
    public static bool TryParse(string? text, out T value) =>
        ByName.TryGetValue(text ?? "", out value);

    /// <inheritdoc/>
    public override T Read(
        ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var text = reader.GetString();
        return TryParse(text, out var value)
            ? value
            : throw new JsonException(
                $"'{Names.Printable(text ?? "")}': expected one of {string.Join(", ", AllNames)}");
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString().ToLowerInvariant());
}
