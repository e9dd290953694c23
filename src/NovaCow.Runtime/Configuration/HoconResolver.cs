using System.Runtime.CompilerServices;

namespace NovaCow.Runtime.Configuration;

/// <summary>
/// Replaces substitutions by what they refer to, once for a whole configuration. It never changes
/// its input. Everything is evaluated as late and as shallowly as it can be: a definition of a key
/// ("layer") is expanded to literals only when somebody needs to know what kind of value it is, so
/// objects may refer to each other, and to themselves, freely. While a layer is being expanded,
/// looking its key up finds only what lies below it; that is how <c>path = ${path}":/x"</c> works.
/// </summary>
internal sealed class HoconResolver
{
    private readonly HoconObject root;
    private readonly HoconLimits limits;
    private readonly HoconEnvironment environment;
    private readonly Dictionary<HoconUnresolved, IReadOnlyList<HoconValue>> known = [];
    private readonly List<Frame> frames = [];
    private readonly HashSet<HoconUnresolved> expanding = [];
    private readonly HashSet<HoconUnresolved> inside = [];
    private readonly ResolveBudget budget;
    private string reading = "";

    private HoconResolver(HoconObject root, ConfigurationOptions options)
    {
        this.root = root;
        limits = options.Limits;
        environment = new(options.Environment);
        budget = new(limits);
    }

    public static HoconObject Resolve(HoconObject root, ConfigurationOptions options) =>
        (HoconObject)new HoconResolver(root, options).Whole([root], "", 0)!;

    /// <summary>A key's value with everything in it resolved; null when it is undefined.</summary>
    private HoconValue? Whole(List<HoconValue> layers, string path, int depth)
    {
        budget.Spend(1, layers[0]);
        if (depth > limits.MaxDepth)
            throw new ConfigurationException(
                $"more than {limits.MaxDepth} levels of nesting after substitution "
                + $"({nameof(limits.MaxDepth)})", layers[0].Origin, path);
        reading = path;
        var through = new List<HoconUnresolved>();
        var entered = new List<HoconUnresolved>();
        try
        {
            var literals = Expand(layers, through);
            if (literals.Count == 0 || literals[0] is HoconSimple)
                return literals.Count == 0 ? null : literals[0];
            foreach (var layer in through)
            {
                if (!inside.Add(layer))
                    throw new CycleSignal(layer);
                entered.Add(layer);
            }
            return literals[0] is HoconArray list
                ? Items(list, path, depth)
                : Fields(literals, path, depth);
        }
        catch (CycleSignal cycle) when (entered.Contains(cycle.Target))
        {
            var target = cycle.Target;
            if (target is not HoconSubstitution { IsOptional: true })
                throw new ConfigurationException(
                    $"{Describe(target)} contains itself: refer to a part of it, or to another key",
                    target.Origin, path);
            budget.SpendOnCycle(target);
            layers = [.. layers.Where(l => !ReferenceEquals(l, target))];
        }
        finally
        {
            inside.ExceptWith(entered);
        }
        return layers.Count == 0 ? null : Whole(layers, path, depth);
    }

    private HoconArray Items(HoconArray list, string path, int depth)
    {
        var items = new List<HoconValue>(list.Items.Count);
        for (var i = 0; i < list.Items.Count; i++)
        {
            var layers = new List<HoconValue>();
            HoconLayers.Collect(list.Items[i], layers);
            if (Whole(layers, $"{path}[{i}]", depth + 1) is { } item)
                items.Add(item);
        }
        return new(list.Origin, items);
    }

    private HoconObject Fields(IReadOnlyList<HoconValue> objects, string path, int depth)
    {
        var result = new HoconObject(objects[0].Origin).Hiding(objects[^1].HidesBelow);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = objects.Count - 1; i >= 0; i--)
        {
            foreach (var key in ((HoconObject)objects[i]).Fields.Keys.Where(seen.Add))
            {
                budget.Spend(objects.Count, objects[0]);
                var layers = HoconLayers.Child(objects, key);
                if (Whole(layers, HoconPath.Join(path, key), depth + 1) is { } value)
                    result.Building[key] = value;
            }
        }
        return result;
    }

    /// <summary>
    /// What layers, uppermost first, stand for: nothing, one simple value or list, or objects laid
    /// over each other. <paramref name="through"/> gets the unresolved layers that contributed.
    /// </summary>
    private List<HoconValue> Expand(
        List<HoconValue> layers, List<HoconUnresolved>? through = null)
    {
        var result = new List<HoconValue>();
        foreach (var layer in layers)
        {
            var literals = Literals(layer, layers.Count > 1);
            budget.Spend(1 + literals.Count, layer);
            if (literals.Count == 0)
                continue;
            if (result.Count > 0 && literals[0] is not HoconObject)
            {
                result[^1] = ((HoconObject)result[^1]).Hiding(true);
                break;
            }
            result.AddRange(literals);
            if (layer is HoconUnresolved unresolved)
                through?.Add(unresolved);
            if (result[^1].HidesBelow)
                break;
        }
        return result;
    }

    /// <param name="layer">One definition of a key.</param>
    /// <param name="hasOthers">
    /// The key has other definitions, so that this one can be left out to break a cycle.
    /// </param>
    private IReadOnlyList<HoconValue> Literals(HoconValue layer, bool hasOthers)
    {
        if (layer is not HoconUnresolved unresolved)
            return [layer];
        if (known.TryGetValue(unresolved, out var literals))
            return literals;
        if (frames.Count >= limits.MaxSubstitutionChain
            || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw new ConfigurationException(
                $"more than {limits.MaxSubstitutionChain} substitutions lead to each other "
                + $"({nameof(limits.MaxSubstitutionChain)})", layer.Origin);
        frames.Add(new(unresolved));
        expanding.Add(unresolved);
        try
        {
            literals = layer is HoconSubstitution substitution
                ? Follow(substitution)
                : Joined((HoconConcatenation)layer);
        }
        catch (CycleSignal) when (hasOthers)
        {
            budget.SpendOnCycle(layer);
            return [];
        }
        finally
        {
            frames.RemoveAt(frames.Count - 1);
            expanding.Remove(unresolved);
        }
        return known[unresolved] = literals;
    }

    private IReadOnlyList<HoconValue> Joined(HoconConcatenation concatenation)
    {
        var parts = concatenation.Parts
            .Select(p => p is HoconSubstitution s ? Follow(s) : [p]).ToList();
        var joined = HoconLayers.Join(parts, concatenation.Origin);
        budget.Spend(joined is [HoconArray list] ? list.Items.Count : joined.Count, concatenation);
        if (joined is [HoconString text])
            budget.SpendCharacters(text);
        return joined;
    }

    private IReadOnlyList<HoconValue> Follow(HoconSubstitution substitution)
    {
        var frame = frames[^1];
        frame.Current = substitution;
        HoconUnresolved? blocked = null;
        try
        {
            foreach (var candidate in substitution.Candidates)
            {
                var found = Expand(Lookup(candidate, ref blocked));
                if (found.Count > 0)
                    return Visible(found);
            }
        }
        catch (CycleSignal cycle) when (cycle.Target == frame.Layer)
        {
            if (substitution.IsOptional)
                return [];
            throw new ConfigurationException(
                $"substitutions lead in a circle: {cycle.Chain}; give one of them a value",
                substitution.Origin, Key);
        }
        if (environment.Find(substitution) is { } value)
            return [value];
        if (substitution.IsOptional)
            return [];
        if (blocked is not null && blocked != frame.Layer)
            throw new CycleSignal(blocked, Chain(blocked));
        throw new ConfigurationException(blocked is null
            ? $"{substitution.Expression} refers to a key that is not set, nor is an environment "
                + "variable of that name: set it, or write ${?…} if it may be missing"
            : $"{substitution.Expression} refers to its own key, which has no value before this "
                + "one: set it above, or write ${?…} if it may be missing",
            substitution.Origin, Key);
    }

    /// <summary>The key whose value asks, if it asks directly.</summary>
    private string? Key => frames.Count == 1 ? reading : null;

    /// <summary>A value found elsewhere hides nothing of what it is merged with here.</summary>
    private static List<HoconValue> Visible(List<HoconValue> found)
    {
        if (found[^1] is HoconObject lowest)
            found[^1] = lowest.Hiding(false);
        return found;
    }

    /// <summary>The layers of a key, less those that are asking for it.</summary>
    private List<HoconValue> Lookup(HoconPath path, ref HoconUnresolved? blocked)
    {
        List<HoconValue> layers = [root];
        foreach (var key in path.Keys)
        {
            layers = Usable(Child(layers, key), ref blocked);
            if (layers.Count == 0)
                break;
        }
        return layers;
    }

    private List<HoconValue> Child(List<HoconValue> layers, string key)
    {
        var found = new List<HoconValue>();
        foreach (var layer in layers)
        {
            var literals = Literals(layer, layers.Count > 1);
            budget.Spend(1 + literals.Count, layer);
            foreach (var literal in literals)
            {
                if (literal is not HoconObject o)
                    return found;
                if ((o.Fields.TryGetValue(key, out var value)
                    && HoconLayers.Collect(value, found)) || o.HidesBelow)
                    return found;
            }
        }
        return found;
    }

    /// <summary>
    /// The specification's look-back: of layers that are being expanded, and of all above them,
    /// only what lies below can be seen. Where nothing does and the reference is a detour through
    /// another key, what lies above is as good: it does not depend on the circle.
    /// </summary>
    private List<HoconValue> Usable(List<HoconValue> layers, ref HoconUnresolved? blocked)
    {
        budget.Spend(layers.Count, layers.Count > 0 ? layers[0] : root);
        var lowest = layers.FindLastIndex(IsExpanding);
        if (lowest < 0)
            return layers;
        blocked = (HoconUnresolved)layers[lowest];
        var below = layers[(lowest + 1)..];
        return below.Count > 0 || blocked == frames[^1].Layer
            ? below
            : layers[..layers.FindIndex(IsExpanding)];
    }

    private bool IsExpanding(HoconValue layer) =>
        layer is HoconUnresolved unresolved && expanding.Contains(unresolved);

    private string Chain(HoconUnresolved from)
    {
        var links = frames.SkipWhile(f => f.Layer != from)
            .Select(f => $"{f.Current!.Expression} ({f.Current.Origin.SourceAndLine})").ToList();
        if (links.Count > 12)
            links = [.. links[..6], "…", .. links[^5..]];
        return string.Join(" → ", [.. links, links[0]]);
    }

    private static string Describe(HoconUnresolved value) => value is HoconConcatenation c
        ? string.Join(' ', c.Parts.OfType<HoconSubstitution>().Select(s => s.Expression))
        : ((HoconSubstitution)value).Expression;

    /// <summary>A layer being expanded, and the substitution being followed in it.</summary>
    private sealed class Frame(HoconUnresolved layer)
    {
        public HoconUnresolved Layer { get; } = layer;

        public HoconSubstitution? Current { get; set; }
    }
}
