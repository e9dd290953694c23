namespace NovaCow.Runtime.Configuration;

/// <summary>
/// The one exception of this namespace. Its message names the place, the key, the cause and the
/// remedy: <c>node.conf:12:7: host.store: expected text, found an object</c>.
/// </summary>
public sealed class ConfigurationException : Exception
{
    public ConfigurationException(
        string problem, HoconOrigin? origin = null, string? path = null, Exception? inner = null)
        : base(Compose(problem, origin, path), inner)
    {
        Origin = origin ?? HoconOrigin.None;
        Path = path ?? "";
    }

    /// <summary>The place in a document; <see cref="HoconOrigin.None"/> without one.</summary>
    public HoconOrigin Origin { get; }

    /// <summary>The key concerned, as a path expression; empty when no key is known.</summary>
    public string Path { get; }

    private static string Compose(string problem, HoconOrigin? origin, string? path)
    {
        var where = origin?.ToString() ?? "";
        var place = where.Length == 0 ? "" : $"{where}: ";
        return string.IsNullOrEmpty(path) ? place + problem : $"{place}{path}: {problem}";
    }
}
