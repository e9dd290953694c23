namespace NovaCow.Runtime.Configuration;

/// <summary>JSON's notation of numbers.</summary>
internal static class HoconNumbers
{
    public static bool IsNumber(ReadOnlySpan<char> text) =>
        text.Length > 0 && PrefixLength(text) == text.Length;

    /// <summary>How many leading characters make up a number; zero when none do.</summary>
    public static int PrefixLength(ReadOnlySpan<char> text)
    {
        var at = text.StartsWith("-") ? 1 : 0;
        var whole = Digits(text[at..]);
        if (whole == 0)
            return 0;
        at += text[at] == '0' ? 1 : whole;
        if (at < text.Length && text[at] == '.' && Digits(text[(at + 1)..]) is > 0 and var fraction)
            at += 1 + fraction;
        if (at < text.Length && text[at] is 'e' or 'E')
        {
            var sign = at + 1 < text.Length && text[at + 1] is '+' or '-' ? 1 : 0;
            if (Digits(text[(at + 1 + sign)..]) is > 0 and var exponent)
                at += 1 + sign + exponent;
        }
        return at;
    }

    private static int Digits(ReadOnlySpan<char> text)
    {
        var count = 0;
        while (count < text.Length && char.IsAsciiDigit(text[count]))
            count++;
        return count;
    }
}
