using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace NovaCow.Core;

/// <summary>
/// Names a base volume by what it holds: <c>sha256-&lt;hex&gt;</c> for an image, so that two images
/// with the same bytes share one, or <c>blank-&lt;bytes&gt;-&lt;fs&gt;</c>, with
/// <c>-&lt;label&gt;</c> where that is not the usual one of its kind. A kernel or ramdisk is
/// <c>boot-sha256-&lt;hex&gt;</c>, so that a disk whose download has the same bytes never finds it
/// in its place. Also its folder's name.
/// </summary>
[JsonConverter(typeof(StringIdConverter<BaseKey>))]
public sealed record BaseKey : IStringId<BaseKey>
{
    private const string BootPrefix = "boot-";

    // Placement looks keys up for host after host.
    private readonly int _hash;

    private BaseKey(string value) =>
        (Value, _hash) = (value, StringComparer.Ordinal.GetHashCode(value));

    /// <inheritdoc/>
    public string Value { get; }

    /// <summary>Whether the base is a kernel or a ramdisk: a read-only file, and no disk.</summary>
    public bool IsBootFile => Value.StartsWith(BootPrefix, StringComparison.Ordinal);

    /// <summary>Whether the base holds an image's disk, and so the same bytes on every host.
    /// </summary>
    public bool IsOfImage => !IsBootFile && IsImage(Value);

    /// <summary>The key of the base that holds an image's disk.</summary>
    public static BaseKey Of(Digest digest) => digest.Key;

    internal static BaseKey Of(string algorithm, string hex) => new($"{algorithm}-{hex}");

    /// <summary>The key of the base that holds an image, as its format asks for.</summary>
    public static BaseKey Of(Image image) => image.Format.IsBootFile()
        ? new(BootPrefix + Of(image.Digest))
        : Of(image.Digest);

    /// <summary>The key of a blank base.</summary>
    public static BaseKey Of(BlankSpec blank) =>
        new($"blank-{blank.SizeBytes}-{blank.FileSystem.ToString().ToLowerInvariant()}"
            + (blank.HasUsualLabel() ? "" : $"-{blank.Label}"));

    /// <summary>What a blank base of this key holds; null: it is not blank.</summary>
    public BlankSpec? ToBlank() => AsBlank(Value);

    /// <summary>The key in <paramref name="text"/>, which is known to be valid.</summary>
    /// <exception cref="FormatException">The text is no key; the message says why.</exception>
    public static BaseKey Parse(string text) =>
        TryParse(text, out var id, out var problem) ? id : throw new FormatException(problem);

    /// <inheritdoc/>
    public static bool TryParse(
        string? text,
        [NotNullWhen(true)] out BaseKey? id,
        [NotNullWhen(false)] out string? problem)
    {
        id = IsBlank(text) || IsImage(text) ? new BaseKey(text!) : null;
        problem = id is not null
            ? null
            : $"base '{Names.Printable(text ?? "")}': expected sha256-<hex>, sha512-<hex>, "
                + "either with boot- before it, or blank-<bytes>-<file system>[-<label>]";
        return id is not null;
    }

    /// <inheritdoc/>
    public bool Equals(BaseKey? other) => ReferenceEquals(this, other)
        || (other is not null && _hash == other._hash && Value == other.Value);

    /// <inheritdoc/>
    public override int GetHashCode() => _hash;

    /// <inheritdoc/>
    public override string ToString() => Value;

    private static bool IsImage(string? text)
    {
        if (text?.StartsWith(BootPrefix, StringComparison.Ordinal) == true)
            text = text[BootPrefix.Length..];
        var dash = text?.IndexOf('-') ?? -1;
        return dash > 0
            && Digest.TryParse($"{text![..dash]}:{text[(dash + 1)..]}", out var digest, out _)
            && string.Equals(Of(digest).Value, text, StringComparison.Ordinal);
    }

    private static bool IsBlank(string? text) => AsBlank(text) is not null;

    private static BlankSpec? AsBlank(string? text)
    {
        VolumeLabel? label = null;
        if (text?.Split('-', 4) is not ["blank", var bytes, var fs, .. var rest]
            || (rest is [var last] && !VolumeLabel.TryParse(last, out label, out _))
            || !long.TryParse(bytes, out var size) || size <= 0
            || !LowerCaseEnumConverter<BlankFileSystem>.TryParse(fs, out var parsed))
        {
            return null;
        }

        var blank = new BlankSpec(size, parsed) { Label = label };
        return Of(blank).Value == text ? blank : null;
    }
}
