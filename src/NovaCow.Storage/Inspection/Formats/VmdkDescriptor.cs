using System.Text;
using System.Text.RegularExpressions;

namespace NovaCow.Storage.Inspection.Formats;

/// <summary>The text in a VMDK that says of what it consists: every line must be known, for
/// programs look for words anywhere in it.</summary>
internal static partial class VmdkDescriptor
{
    private const RegexOptions Options =
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant;

    private const string Remedy = "convert it with qemu-img convert -O vmdk";

    public static readonly IReadOnlyList<Check<string>> Checks =
    [
        new(InspectionRules.VmdkDescriptorLine, FaultOfText),
        new(InspectionRules.VmdkCreateType, FaultOfCreateType),
        new(InspectionRules.VmdkParent, FaultOfParent),
        new(InspectionRules.VmdkExtents, FaultOfExtents),
        new(InspectionRules.VmdkDescriptorLine, FaultOfLines),
    ];

    public static string Decode(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);

    private static IEnumerable<string> Lines(string text) =>
        text.TrimEnd('\0').Split('\n').Select(line => line.Trim(' ', '\t', '\r'));

    // Zeros end it for some readers and not for others, so they may only fill it up.
    private static string? FaultOfText(string text)
    {
        var at = text.TrimEnd('\0').AsSpan().IndexOfAnyExcept(Printable);
        return at < 0 ? null : $"byte 0x{(int)text[at]:x2} at {at} of the descriptor; {Remedy}";
    }

    private static string? FaultOfCreateType(string text)
    {
        var named = CreateTypeWord().Count(text);
        var known = Lines(text).Count(line => CreateTypeLine().IsMatch(line));
        return named == 1 && known == 1 ? null
            : $"the descriptor names createType {named} times, {known} of them as one of the two "
              + $"kinds; {Remedy}";
    }

    private static string? FaultOfParent(string text)
    {
        var other = Lines(text).FirstOrDefault(line =>
            ParentLine().IsMatch(line) && !NoParentLine().IsMatch(line));
        return other is null ? null : $"the descriptor says {Short(other)}; {Remedy}";
    }

    private static string? FaultOfExtents(string text)
    {
        var extents = Lines(text).Where(line => ExtentLine().IsMatch(line)).ToList();
        if (extents.Count != 1)
            return $"the descriptor has {extents.Count} extents; {Remedy}";

        return SparseExtentLine().IsMatch(extents[0]) ? null
            : $"the extent {Short(extents[0])}; {Remedy}";
    }

    private static string? FaultOfLines(string text)
    {
        var unknown = Lines(text).FirstOrDefault(line => !KnownLine().IsMatch(line)
            && !ExtentLine().IsMatch(line) && !CreateTypeLine().IsMatch(line));
        return unknown is null ? null : $"the descriptor says {Short(unknown)}; {Remedy}";
    }

    private static string Short(string line) => line.Length <= 80 ? line : line[..80] + "…";

    private static readonly System.Buffers.SearchValues<char> Printable =
        System.Buffers.SearchValues.Create(
            [.. Enumerable.Range(' ', 95).Select(c => (char)c), '\t', '\r', '\n']);

    [GeneratedRegex("createType", Options | RegexOptions.IgnoreCase)]
    private static partial Regex CreateTypeWord();

    [GeneratedRegex("^createType[ \t]*=[ \t]*\"(monolithicSparse|streamOptimized)\"$", Options)]
    private static partial Regex CreateTypeLine();

    [GeneratedRegex("^parent", Options | RegexOptions.IgnoreCase)]
    private static partial Regex ParentLine();

    [GeneratedRegex("^parentCID[ \t]*=[ \t]*[fF]{8}$", Options)]
    private static partial Regex NoParentLine();

    [GeneratedRegex("^(RW|RDONLY|NOACCESS)[ \t]", Options | RegexOptions.IgnoreCase)]
    private static partial Regex ExtentLine();

    [GeneratedRegex("^RW[ \t]+[0-9]{1,18}[ \t]+SPARSE[ \t]+\"[^\"/:\\\\]+\"$", Options)]
    private static partial Regex SparseExtentLine();

    [GeneratedRegex(
        "^$|^#|^(version|encoding|CID|parentCID|isNativeSnapshot)[ \t]*=|^ddb\\.", Options)]
    private static partial Regex KnownLine();
}
