using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace NovaCow.Core;

/// <summary>Names one instance in the cluster; chosen by the client, and so its idempotency key.
/// </summary>
[JsonConverter(typeof(StringIdConverter<InstanceId>))]
public sealed record InstanceId : IStringId<InstanceId>
{
    private InstanceId(string value) => Value = value;

    /// <inheritdoc/>
    public string Value { get; }

    /// <summary>The id in <paramref name="text"/>, which is known to be valid.</summary>
    /// <exception cref="FormatException">The text is no such id; the message says why.</exception>
    public static InstanceId Parse(string text) =>
        TryParse(text, out var id, out var problem) ? id : throw new FormatException(problem);

    /// <inheritdoc/>
    public static bool TryParse(
        string? text,
        [NotNullWhen(true)] out InstanceId? id,
        [NotNullWhen(false)] out string? problem)
    {
        problem = Names.Problem("instance id", text);
        id = problem is null ? new InstanceId(text!) : null;
        return id is not null;
    }

    /// <inheritdoc/>
    public override string ToString() => Value;
}
