using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace NovaCow.Core;

/// <summary>
/// The content digest of an image as downloaded, written <c>sha256:&lt;64 hex&gt;</c> or
/// <c>sha512:&lt;128 hex&gt;</c> in lower case.
/// </summary>
[JsonConverter(typeof(StringIdConverter<Digest>))]
public sealed record Digest : IStringId<Digest>
{
    private Digest(string algorithm, string hex) =>
        (Algorithm, Hex, Key) = (algorithm, hex, BaseKey.Of(algorithm, hex));

    /// <summary><c>sha256</c> or <c>sha512</c>.</summary>
    public string Algorithm { get; }

    /// <summary>The digest's bytes in lower-case hexadecimal.</summary>
    public string Hex { get; }

    /// <inheritdoc/>
    public string Value => $"{Algorithm}:{Hex}";

    /// <summary>The key of the base that holds a disk of this content.</summary>
    internal BaseKey Key { get; }

    /// <summary>A SHA-256 digest from its 32 bytes.</summary>
    public static Digest Sha256(ReadOnlySpan<byte> hash) => FromHash("sha256", hash);

    /// <summary>The digest of <paramref name="hash"/>, as <paramref name="algorithm"/> made it.
    /// </summary>
    public static Digest FromHash(string algorithm, ReadOnlySpan<byte> hash) =>
        Parse($"{algorithm}:{Convert.ToHexStringLower(hash)}");

    /// <summary>The digest in <paramref name="text"/>, which is known to be valid.</summary>
    /// <exception cref="FormatException">The text is no digest; the message says why.</exception>
    public static Digest Parse(string text) =>
        TryParse(text, out var id, out var problem) ? id : throw new FormatException(problem);

    /// <inheritdoc/>
    public static bool TryParse(
        string? text,
        [NotNullWhen(true)] out Digest? id,
        [NotNullWhen(false)] out string? problem)
    {
        id = null;
        var colon = text?.IndexOf(':') ?? -1;
        var (algorithm, hex) = colon < 0 ? ("", "") : (text![..colon], text[(colon + 1)..]);
        var length = algorithm switch { "sha256" => 64, "sha512" => 128, _ => 0 };
        var whole = length > 0 && hex.Length == length && hex.All(char.IsAsciiHexDigit);
        problem = whole
            ? null
            : $"digest '{Names.Printable(text ?? "")}': expected sha256:<64 hex digits> "
                + "or sha512:<128 hex digits>";
        if (whole)
            id = new Digest(algorithm, hex.ToLowerInvariant());
        return whole;
    }

    /// <inheritdoc/>
    public override string ToString() => Value;
}
