using NovaCow.Client;

namespace NovaCow.Cli;

/// <summary>Draws how a store is used.</summary>
public static class SpaceBar
{
    private const int Width = 60;

    /// <summary>What takes how much of a store, to scale: # bases, = disks' own, + promised,
    /// ~ others' files, . free.</summary>
    public static string Of(SpaceUsage usage)
    {
        var others = Math.Max(
            0, usage.TotalBytes - usage.FreeBytes - usage.BaseBytes - usage.UniqueBytes);
        var free = Math.Max(0, usage.FreeBytes - usage.ReservedBytes);
        (char Mark, long Bytes)[] parts =
        [
            ('#', usage.BaseBytes), ('=', usage.UniqueBytes), ('+', usage.ReservedBytes),
            ('~', others), ('.', free),
        ];
        var whole = Math.Max(1, parts.Sum(p => p.Bytes));
        var bar = "";
        var seen = 0L;
        foreach (var (mark, bytes) in parts)
        {
            seen += bytes;
            var end = (int)((double)seen / whole * Width);

            // What is there shows, however little it is.
            var width = Math.Max(bytes > 0 && bar.Length < Width ? 1 : 0, end - bar.Length);
            bar += new string(mark, Math.Min(width, Width - bar.Length));
        }

        return bar;
    }
}
