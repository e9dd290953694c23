using System.Globalization;

namespace NovaCow.Runtime.Configuration;

/// <summary>
/// The specification's conversions between types, and no other: numbers and booleans to text and
/// back, objects with numbers for keys to lists. A refusal names place, key, cause and remedy.
/// </summary>
internal static class HoconConvert
{
    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    public static string ToText(HoconValue value, string path) =>
        Simple(value, path, "text").Text;

    public static bool ToBoolean(HoconValue value, string path) =>
        value is HoconNumber ? throw Wrong(value, path, "true or false") :
        Simple(value, path, "true or false").Text switch
        {
            "true" or "yes" or "on" => true,
            "false" or "no" or "off" => false,
            _ => throw Wrong(value, path, "true or false (or yes, no, on, off)"),
        };

    public static long ToInteger(HoconValue value, string path, long min, long max)
    {
        var text = Simple(value, path, "a whole number").Text.Trim();
        if (value is HoconBoolean || !HoconNumbers.IsNumber(text))
            throw Wrong(value, path, "a whole number");
        if (!decimal.TryParse(text, NumberStyles.Float, Invariant, out var number)
            || number < min || number > max)
            throw Wrong(value, path, $"a whole number from {min} to {max}");
        return decimal.IsInteger(number)
            ? (long)number
            : throw Wrong(value, path, "a whole number");
    }

    public static double ToDouble(HoconValue value, string path)
    {
        var text = Simple(value, path, "a number").Text.Trim();
        return value is not HoconBoolean && HoconNumbers.IsNumber(text)
            && double.TryParse(text, NumberStyles.Float, Invariant, out var number)
            && double.IsFinite(number)
            ? number
            : throw Wrong(value, path, "a number");
    }

    public static TimeSpan ToDuration(HoconValue value, string path, bool allowInfinite)
    {
        var text = Simple(value, path, "a duration such as 10s").Text;
        if (allowInfinite && text == "infinite")
            return Timeout.InfiniteTimeSpan;
        return HoconUnits.Duration(text, out var why)
            ?? throw new ConfigurationException($"expected a duration: {why}", value.Origin, path);
    }

    public static long ToSize(HoconValue value, string path) =>
        HoconUnits.Size(Simple(value, path, "a size such as 20 GiB").Text, out var why)
        ?? throw new ConfigurationException($"expected a size: {why}", value.Origin, path);

    public static IReadOnlyList<HoconValue> ToList(HoconValue value, string path)
    {
        if (value is HoconArray array)
            return array.Items;
        var items = value is HoconObject ? HoconLayers.Indexed([value]) : [];
        return items.Count > 0 ? items : throw Wrong(value, path, "a list");
    }

    public static HoconObject ToObject(HoconValue value, string path) =>
        value as HoconObject ?? throw Wrong(value, path, "an object");

    private static HoconSimple Simple(HoconValue value, string path, string expected) =>
        value is HoconSimple simple and not HoconNull ? simple : throw Wrong(value, path, expected);

    private static ConfigurationException Wrong(HoconValue value, string path, string expected)
    {
        var found = value switch
        {
            HoconNull => "null: set it, or remove the null",
            HoconSimple { Text.Length: <= 60 } s => $"{value.Kind} '{s.Text}'",
            _ => value.Kind,
        };
        return new($"expected {expected}, found {found}", value.Origin, path);
    }
}
