namespace NovaCow.Cli;

/// <summary>Figures as people read them.</summary>
internal static class Show
{
    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

    /// <summary>Bytes with a binary unit and at most one decimal.</summary>
    public static string Bytes(long bytes)
    {
        var (value, unit) = ((double)bytes, 0);
        while (Math.Abs(value) >= 1024 && unit < Units.Length - 1)
            (value, unit) = (value / 1024, unit + 1);
        return unit == 0 || value == Math.Floor(value)
            ? $"{value:0} {Units[unit]}"
            : $"{value:0.0} {Units[unit]}";
    }

    /// <summary>A time span with a fitting unit.</summary>
    public static string Duration(double milliseconds) => milliseconds switch
    {
        < 1 => $"{milliseconds * 1000:0} µs",
        < 1000 => $"{milliseconds:0.#} ms",
        < 60_000 => $"{milliseconds / 1000:0.00} s",
        _ => $"{(int)(milliseconds / 60_000)} min {milliseconds / 1000 % 60:0} s",
    };

    /// <summary>The first of a key's many digits, enough to tell bases apart.</summary>
    public static string Key(string key) =>
        key.StartsWith("sha", StringComparison.Ordinal) && key.Length > 20 ? key[..19] + "…" : key;
}
