namespace NovaCow.Runtime.Configuration;

/// <summary>
/// An immutable configuration. Keys are path expressions (<c>host.store.path</c>). Substitutions
/// are resolved once, when a value is first read or by <see cref="Resolve"/>, after all fallbacks
/// are in. A getter without a default throws a <see cref="ConfigurationException"/> for a key that
/// is missing or null; one with a default returns that; both throw for a value of the wrong type.
/// </summary>
public sealed partial class Config : IEquatable<Config>
{
    private readonly HoconObject unresolved;
    private readonly Lazy<HoconObject> resolved;
    private readonly ConfigurationOptions options;
    private readonly string prefix;

    private Config(
        HoconObject unresolved, ConfigurationOptions options, bool isResolved = false,
        string prefix = "")
    {
        (this.unresolved, this.options, this.prefix) = (unresolved, options, prefix);
        resolved = isResolved
            ? new(unresolved)
            : new(() => HoconResolver.Resolve(unresolved, options));
    }

    public static Config Empty { get; } =
        new(new HoconObject(HoconOrigin.None), ConfigurationOptions.Default, isResolved: true);

    /// <summary>All values, resolved.</summary>
    public HoconObject Root => resolved.Value;

    public bool IsEmpty => Root.Fields.Count == 0;

    internal static Config Of(HoconValue root, ConfigurationOptions options) => new(
        root as HoconObject ?? throw new ConfigurationException(
            "the root is a list: a configuration must be keys and values", root.Origin), options);

    /// <summary>
    /// This configuration laid over another, as if the other's text came first in one document:
    /// objects merge, this one's other values win, and substitutions of both see the whole, unless
    /// <see cref="Resolve"/> has fixed them.
    /// </summary>
    public Config WithFallback(Config? fallback) =>
        fallback is null || ReferenceEquals(fallback, Empty) ? this : new(
            HoconLayers.MergeObjects(fallback.unresolved, unresolved, options.Limits),
            options, prefix: prefix);

    /// <summary>
    /// This configuration with its substitutions replaced for good: what it refers to is no longer
    /// affected by what is merged with it later.
    /// </summary>
    public Config Resolve() =>
        ReferenceEquals(Root, unresolved) ? this : new(Root, options, isResolved: true, prefix);

    /// <summary>A key's value: null when it is not set, else perhaps a HoconNull.</summary>
    public HoconValue? GetValue(string path)
    {
        HoconValue value = Root;
        foreach (var key in HoconPath.Parse(path).Keys)
        {
            if (value is not HoconObject o || !o.Fields.TryGetValue(key, out var next))
                return null;
            value = next;
        }
        return value;
    }

    /// <summary>Whether a key is set, and not to null.</summary>
    public bool HasPath(string path) => GetValue(path) is not (null or HoconNull);

    /// <summary>The place where a key's value was written; null when it is not set.</summary>
    public HoconOrigin? GetOrigin(string path) => GetValue(path)?.Origin;

    public string GetString(string path) => HoconConvert.ToText(Required(path), Full(path));

    public string? GetString(string path, string? @default) =>
        HasPath(path) ? GetString(path) : @default;

    public bool GetBoolean(string path) => HoconConvert.ToBoolean(Required(path), Full(path));

    public bool GetBoolean(string path, bool @default) =>
        HasPath(path) ? GetBoolean(path) : @default;

    public int GetInt(string path) =>
        (int)HoconConvert.ToInteger(Required(path), Full(path), int.MinValue, int.MaxValue);

    public int GetInt(string path, int @default) => HasPath(path) ? GetInt(path) : @default;

    public long GetLong(string path) =>
        HoconConvert.ToInteger(Required(path), Full(path), long.MinValue, long.MaxValue);

    public long GetLong(string path, long @default) => HasPath(path) ? GetLong(path) : @default;

    public double GetDouble(string path) => HoconConvert.ToDouble(Required(path), Full(path));

    public double GetDouble(string path, double @default) =>
        HasPath(path) ? GetDouble(path) : @default;

    /// <summary>
    /// A duration; a bare number counts milliseconds, and <c>infinite</c>, where it is allowed, is
    /// <see cref="Timeout.InfiniteTimeSpan"/>.
    /// </summary>
    public TimeSpan GetTimeSpan(string path, bool allowInfinite = true) =>
        HoconConvert.ToDuration(Required(path), Full(path), allowInfinite);

    public TimeSpan GetTimeSpan(string path, TimeSpan @default, bool allowInfinite = true) =>
        HasPath(path) ? GetTimeSpan(path, allowInfinite) : @default;

    /// <summary>
    /// A size in bytes: <c>kB</c>, <c>MB</c>… are powers of 1000; <c>KiB</c>, <c>MiB</c>… and the
    /// single letters <c>k</c>, <c>m</c>… are powers of 1024.
    /// </summary>
    public long GetByteSize(string path) => HoconConvert.ToSize(Required(path), Full(path));

    public long GetByteSize(string path, long @default) =>
        HasPath(path) ? GetByteSize(path) : @default;

    public IReadOnlyList<string> GetStringList(string path) =>
        Items(path, HoconConvert.ToText);

    public IReadOnlyList<string> GetStringList(string path, IReadOnlyList<string> @default) =>
        HasPath(path) ? GetStringList(path) : @default;

    public IReadOnlyList<int> GetIntList(string path) => Items(
        path, (item, at) => (int)HoconConvert.ToInteger(item, at, int.MinValue, int.MaxValue));

    /// <summary>A list of objects; messages name their keys as <c>list[0].key</c>.</summary>
    public IReadOnlyList<Config> GetConfigList(string path) => Items(
        path, (item, at) => new Config(HoconConvert.ToObject(item, at), options, true, at));

    /// <summary>The object at a key; messages about what is in it name the whole path.</summary>
    public Config GetConfig(string path) =>
        new(HoconConvert.ToObject(Required(path), Full(path)), options, true, Full(path));

    public Config GetConfig(string path, Config @default) =>
        HasPath(path) ? GetConfig(path) : @default;

    public string Render(RenderOptions? render = null) =>
        HoconRenderer.Render(Root, render ?? RenderOptions.Default);

    public override string ToString() => Render();

    public bool Equals(Config? other) => other is not null && Root.Equals(other.Root);

    public override bool Equals(object? obj) => Equals(obj as Config);

    public override int GetHashCode() => Root.GetHashCode();

    private string Full(string path)
    {
        var normal = HoconPath.Parse(path).ToString();
        return prefix.Length == 0 ? normal : $"{prefix}.{normal}";
    }

    private HoconValue Required(string path)
    {
        if (GetValue(path) is { } value)
            return value;
        var nearest = Suggestion.Nearest(
            HoconPath.Parse(path).ToString(), LeafPaths().Select(l => l.Path));
        throw new ConfigurationException(
            "the key is not set: set it" + (nearest is null ? "" : $" (there is {nearest})"),
            unresolved.Origin, Full(path));
    }

    private List<T> Items<T>(string path, Func<HoconValue, string, T> convert)
    {
        var full = Full(path);
        return [.. HoconConvert.ToList(Required(path), full)
            .Select((item, i) => convert(item, $"{full}[{i}]"))];
    }
}
