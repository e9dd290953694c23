namespace NovaCow.Runtime.Configuration;

/// <summary>How configuration is read: its limits, and what surrounds it.</summary>
public sealed record ConfigurationOptions
{
    public static ConfigurationOptions Default { get; } = new();

    public HoconLimits Limits { get; init; } = HoconLimits.Default;

    /// <summary>Where substitutions look last; null for a variable that is not set.</summary>
    public Func<string, string?> Environment { get; init; } =
        System.Environment.GetEnvironmentVariable;

    /// <summary>
    /// Where relative includes of a text lead; those of a file lead to that file's directory.
    /// </summary>
    public string? BaseDirectory { get; init; }
}

/// <summary>
/// Makes configurations from HOCON, of which JSON is a part. <c>Parse…</c> gives a configuration
/// whose substitutions are resolved when it is first read, so that fallbacks can be added before;
/// <c>Load…</c> resolves at once. All failures are <see cref="ConfigurationException"/>.
/// </summary>
public static class ConfigurationFactory
{
    public static Config Empty => Config.Empty;

    /// <param name="text">The document.</param>
    /// <param name="origin">What messages call it.</param>
    /// <param name="options">Its limits and surroundings.</param>
    public static Config ParseString(
        string text, string origin = "text", ConfigurationOptions? options = null)
    {
        options ??= ConfigurationOptions.Default;
        return Config.Of(ParseValue(text, origin, options), options);
    }

    public static Config ParseFile(string path, ConfigurationOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        options ??= ConfigurationOptions.Default;
        return Config.Of(HoconDocument.ParseFile(path, options), options);
    }

    /// <summary>Reads a file, lays it over a fallback if there is one, and resolves.</summary>
    public static Config Load(
        string path, Config? fallback = null, ConfigurationOptions? options = null) =>
        ParseFile(path, options).WithFallback(fallback).Resolve();

    /// <summary>The same for a text.</summary>
    public static Config LoadString(
        string text, string origin = "text", Config? fallback = null,
        ConfigurationOptions? options = null) =>
        ParseString(text, origin, options).WithFallback(fallback).Resolve();

    /// <summary>A document's root, which may be a list; nothing is resolved.</summary>
    public static HoconValue ParseValue(
        string text, string origin = "text", ConfigurationOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        return HoconDocument.ParseText(text, origin, options ?? ConfigurationOptions.Default);
    }
}
