namespace NovaCow.Runtime.Configuration;

/// <summary>Which keys a configuration sets, and whether somebody reads these.</summary>
public sealed partial class Config
{
    private const string AnythingBelow = ".*";

    /// <summary>
    /// Every key whose value is not an object with keys of its own, in order, with the place where
    /// it was written. Lists count as one value.
    /// </summary>
    public IEnumerable<(string Path, HoconOrigin Origin)> LeafPaths() => Leaves(Root, "");

    /// <summary>
    /// Refuses keys that nobody knows, all in one message, each with its place and the known key
    /// nearest to it. A known key that ends in <c>.*</c> allows anything below it.
    /// </summary>
    public void RefuseUnknownKeys(IEnumerable<string> known)
    {
        ArgumentNullException.ThrowIfNull(known);
        var names = known.ToHashSet(StringComparer.Ordinal);
        var unknown = LeafPaths().Where(leaf => !IsKnown(leaf.Path, names)).ToList();
        if (unknown.Count == 0)
            return;
        var messages = unknown.Select(leaf => Refusal(leaf.Path, leaf.Origin, names)).ToList();
        var (path, origin) = unknown[0];
        throw unknown.Count == 1
            ? new ConfigurationException(Problem(path, names), origin, Qualify(path))
            : new ConfigurationException(
                $"{unknown.Count} keys are unknown:\n" + string.Join('\n', messages));
    }

    private static IEnumerable<(string Path, HoconOrigin Origin)> Leaves(
        HoconObject at, string path)
    {
        foreach (var (key, value) in at.Fields)
        {
            var full = HoconPath.Join(path, key);
            if (value is not HoconObject { Fields.Count: > 0 } below)
            {
                yield return (full, value.Origin);
                continue;
            }
            foreach (var leaf in Leaves(below, full))
                yield return leaf;
        }
    }

    private static bool IsKnown(string path, HashSet<string> known)
    {
        if (known.Contains(path) || known.Contains(path + AnythingBelow))
            return true;
        // An empty object where known keys have their parent says nothing, and is no error.
        if (known.Any(k => k.StartsWith(path + ".", StringComparison.Ordinal)))
            return true;
        for (var dot = path.LastIndexOf('.'); dot > 0; dot = path.LastIndexOf('.', dot - 1))
        {
            if (known.Contains(path[..dot] + AnythingBelow))
                return true;
        }
        return false;
    }

    /// <summary>A path of this configuration as its document knows it.</summary>
    public string Qualify(string path) => prefix.Length == 0 ? path : $"{prefix}.{path}";

    private string Refusal(string path, HoconOrigin origin, HashSet<string> known) =>
        new ConfigurationException(Problem(path, known), origin, Qualify(path)).Message;

    private static string Problem(string path, HashSet<string> known)
    {
        var names = known.Where(k => !k.EndsWith(AnythingBelow, StringComparison.Ordinal));
        return Suggestion.Nearest(path, names) is { } nearest
            ? $"unknown key; did you mean {nearest}?"
            : "unknown key: remove it, or correct its name";
    }
}
