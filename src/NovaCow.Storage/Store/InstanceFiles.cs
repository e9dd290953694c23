using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>What the files in an instance's folder are called, and which of them are whose. Pure.
/// </summary>
/// <remarks>A disk has one of two names, so that it can be made anew beside what it was before, as
/// a file of the same kind: <c>root.qcow2</c> or <c>root.1.qcow2</c>; and so have the files that an
/// instance boots with, <c>kernel</c> or <c>kernel.1</c>. The instance's record says which of them
/// it is.</remarks>
internal static class InstanceFiles
{
    public const string Console = "console.log";
    public const string Seed = "seed.iso";
    private const string SecondMark = ".1";
    private static readonly string[] s_extensions = ["qcow2", "raw"];

    /// <summary>Both names that a disk may have.</summary>
    public static string[] NamesOf(DiskName disk, string extension) => disk.IsBootFile
        ? [disk.Value, disk + SecondMark]
        : [$"{disk}.{extension}", $"{disk}{SecondMark}.{extension}"];

    /// <summary>Which disk a file is, by its name; false: it is none.</summary>
    public static bool TryParse(string file, out DiskName disk)
    {
        var isDisk = s_extensions.Contains(Path.GetExtension(file).TrimStart('.'));
        var stem = isDisk ? Path.GetFileNameWithoutExtension(file) : file;
        var isSecond = stem.EndsWith(SecondMark, StringComparison.Ordinal);
        stem = isSecond ? stem[..^SecondMark.Length] : stem;
        var isOurs = DiskName.TryParse(stem, out var name, out _) && name.IsBootFile != isDisk;
        disk = name ?? DiskName.Root;
        return isOurs;
    }

    /// <summary>Whether a file is its instance's machine's: its console with what was rotated out
    /// of it, or its seed.</summary>
    public static bool IsOfMachine(string file)
    {
        if (file is Console or Seed)
            return true;
        const string rotated = Console + ".";
        return file.StartsWith(rotated, StringComparison.Ordinal)
            && file.Length > rotated.Length
            && file.AsSpan(rotated.Length).ContainsAnyExceptInRange('0', '9') is false;
    }

    /// <summary>Whether a file is what was being written when something stopped.</summary>
    public static bool IsTemporary(string file) =>
        WithoutTemporary(file) is var stem
        && stem != file
        && (stem == StoreLayout.InstanceRecordFile || IsOfMachine(stem) || TryParse(stem, out _));

    /// <summary>The name that a file is to have once it is whole.</summary>
    public static string WithoutTemporary(string file) =>
        file.EndsWith(StoreLayout.TemporarySuffix, StringComparison.Ordinal)
            ? file[..^StoreLayout.TemporarySuffix.Length]
            : file;
}
