using System.Globalization;

namespace NovaCow.Runtime.Configuration;

/// <summary>Numbers with a unit: durations and sizes, by the specification's tables.</summary>
internal static class HoconUnits
{
    private static readonly Dictionary<string, decimal> Nanoseconds = Table(
        ("ns nano nanos nanosecond nanoseconds", 1m),
        ("us micro micros microsecond microseconds", 1e3m),
        ("ms milli millis millisecond milliseconds", 1e6m),
        ("s second seconds", 1e9m),
        ("m minute minutes", 60e9m),
        ("h hour hours", 3600e9m),
        ("d day days", 86_400e9m));

    private static readonly Dictionary<string, decimal> Bytes = Table([
        ("B b byte bytes", 1m),
        .. Powers(1000m, "kB kilo,MB mega,GB giga,TB tera,PB peta,EB exa,ZB zetta,YB yotta"),
        .. Powers(1024m,
            "K k Ki KiB kibi,M m Mi MiB mebi,G g Gi GiB gibi,T t Ti TiB tebi,P p Pi PiB pebi,"
            + "E e Ei EiB exbi,Z z Zi ZiB zebi,Y y Yi YiB yobi")]);

    /// <summary>
    /// A duration, rounded to the 100 ns that <see cref="TimeSpan"/> counts; milliseconds without
    /// a unit. Null with the reason when it is none.
    /// </summary>
    public static TimeSpan? Duration(string text, out string why)
    {
        if (Read(text, Nanoseconds, 1e6m, "10s, 500ms or 2 minutes", out why) is not { } value)
            return null;
        var ticks = decimal.Round(value / 100m);
        if (ticks is >= long.MinValue and <= long.MaxValue)
            return TimeSpan.FromTicks((long)ticks);
        why = $"{text} is longer than a duration can be";
        return null;
    }

    /// <summary>A size in whole bytes, never negative; bytes without a unit.</summary>
    public static long? Size(string text, out string why)
    {
        if (Read(text, Bytes, 1m, "512MiB, 20 GB or 4096", out why) is not { } value)
            return null;
        if (value is >= 0 and <= long.MaxValue)
            return (long)decimal.Truncate(value);
        why = value < 0 ? $"{text} is negative" : $"{text} is more than 64 bits can count";
        return null;
    }

    private static decimal? Read(
        string text, Dictionary<string, decimal> units, decimal bare, string example,
        out string why)
    {
        var trimmed = text.AsSpan().Trim();
        var end = trimmed.Length;
        while (end > 0 && char.IsLetter(trimmed[end - 1]))
            end--;
        var number = trimmed[..end].Trim();
        var unit = trimmed[end..].ToString();
        why = $"'{text}' is not a number with a unit: write for example {example}";
        if (number.StartsWith("+") || !decimal.TryParse(
            number, NumberStyles.Float, CultureInfo.InvariantCulture, out var value))
            return null;
        var factor = bare;
        if (unit.Length > 0 && !units.TryGetValue(unit, out factor))
        {
            var nearest = Suggestion.Nearest(unit, units.Keys);
            why = $"'{unit}' is no unit here"
                + (nearest is null
                    ? $": write for example {example}"
                    : $"; did you mean {nearest}?");
            return null;
        }
        try
        {
            return value * factor;
        }
        catch (OverflowException)
        {
            why = $"{text} is too large";
            return null;
        }
    }

    private static Dictionary<string, decimal> Table(
        params (string Names, decimal Factor)[] rows) =>
        rows.SelectMany(r => r.Names.Split(' '), (r, name) => (name, r.Factor))
            .ToDictionary(r => r.name, r => r.Factor, StringComparer.Ordinal);

    private static IEnumerable<(string, decimal)> Powers(decimal factor, string rows)
    {
        var size = 1m;
        foreach (var row in rows.Split(','))
        {
            size *= factor;
            var prefix = row[(row.LastIndexOf(' ') + 1)..];
            yield return ($"{row[..row.LastIndexOf(' ')]} {prefix}byte {prefix}bytes", size);
        }
    }
}
