using System.Globalization;

namespace NovaCow.Cli;

/// <summary>Reads sizes as people write them: a number and an optional binary unit.</summary>
internal static class ByteSize
{
    public static bool TryParse(string text, out long bytes)
    {
        bytes = 0;
        var digits = text.TakeWhile(char.IsAsciiDigit).Count();
        if (!long.TryParse(text[..digits], NumberStyles.None, CultureInfo.InvariantCulture, out var n))
            return false;
        var shift = text[digits..].Trim().ToUpperInvariant() switch
        {
            "" or "B" => 0,
            "K" or "KIB" => 10,
            "M" or "MIB" => 20,
            "G" or "GIB" => 30,
            "T" or "TIB" => 40,
            _ => -1,
        };
        if (shift < 0 || n > long.MaxValue >> shift)
            return false;
        bytes = n << shift;
        return true;
    }
}
