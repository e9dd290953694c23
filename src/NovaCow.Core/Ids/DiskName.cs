using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace NovaCow.Core;

/// <summary>
/// Names a disk within its instance: <c>root</c>, <c>ephemeral0</c>…, <c>swap</c>, and
/// <c>data0</c>… for those that were attached later; or one of the files that it boots with,
/// <c>kernel</c> and <c>ramdisk</c>. The files of an instance carry these names.
/// </summary>
[JsonConverter(typeof(StringIdConverter<DiskName>))]
public sealed record DiskName : IStringId<DiskName>
{
    /// <summary>How many ephemeral disks an instance can have.</summary>
    public const int MaxEphemeral = 16;

    /// <summary>How many disks can be attached to an instance later.</summary>
    public const int MaxData = 8;

    private const string EphemeralPrefix = "ephemeral";
    private const string DataPrefix = "data";

    private DiskName(string value) => Value = value;

    /// <summary>The disk that the image boots from.</summary>
    public static DiskName Root { get; } = new("root");

    /// <summary>The swap disk.</summary>
    public static DiskName Swap { get; } = new("swap");

    /// <summary>The kernel that it boots with: no disk, a read-only file.</summary>
    public static DiskName Kernel { get; } = new("kernel");

    /// <summary>The ramdisk of its kernel: no disk, a read-only file.</summary>
    public static DiskName Ramdisk { get; } = new("ramdisk");

    /// <inheritdoc/>
    public string Value { get; }

    /// <summary>Whether it is <see cref="Kernel"/> or <see cref="Ramdisk"/>, and no disk.</summary>
    public bool IsBootFile => Value is "kernel" or "ramdisk";

    /// <summary>The ephemeral disk with this index, from 0.</summary>
    public static DiskName Ephemeral(int index) => Parse($"ephemeral{index}");

    /// <summary>The disk attached later with this index, from 0.</summary>
    public static DiskName Data(int index) => Parse($"data{index}");

    /// <summary>Whether it was attached later.</summary>
    public bool IsData => Value.StartsWith(DataPrefix, StringComparison.Ordinal);

    /// <summary>The name in <paramref name="text"/>, which is known to be valid.</summary>
    /// <exception cref="FormatException">The text is no disk's name; the message says why.
    /// </exception>
    public static DiskName Parse(string text) =>
        TryParse(text, out var id, out var problem) ? id : throw new FormatException(problem);

    /// <inheritdoc/>
    public static bool TryParse(
        string? text,
        [NotNullWhen(true)] out DiskName? id,
        [NotNullWhen(false)] out string? problem)
    {
        var isNumbered = IsNumbered(text, EphemeralPrefix, MaxEphemeral)
            || IsNumbered(text, DataPrefix, MaxData);
        id = text is "root" or "swap" or "kernel" or "ramdisk" || isNumbered
            ? new DiskName(text!)
            : null;
        problem = id is not null
            ? null
            : $"disk '{Names.Printable(text ?? "")}': expected root, swap, kernel, ramdisk, "
                + $"ephemeral0 to ephemeral{MaxEphemeral - 1} or data0 to data{MaxData - 1}";
        return id is not null;
    }

    /// <inheritdoc/>
    public override string ToString() => Value;

    private static bool IsNumbered(string? text, string prefix, int count) =>
        text is not null && text.StartsWith(prefix, StringComparison.Ordinal)
            && int.TryParse(text[prefix.Length..], out var index)
            && index >= 0 && index < count && text == $"{prefix}{index}";
}
