namespace NovaCow.Runtime.Configuration;

/// <summary>
/// How two definitions of one key become one, and how values side by side become one. Both are
/// pure, know nothing of substitution, and put off what needs it.
/// </summary>
internal static class HoconLayers
{
    /// <summary>
    /// The value of a key defined as <paramref name="lower"/> and then as <paramref name="upper"/>.
    /// With <paramref name="reuse"/>, objects of <paramref name="lower"/> are changed in place:
    /// only for their builder.
    /// </summary>
    public static HoconValue Merge(
        HoconValue lower, HoconValue upper, HoconLimits limits, bool reuse = false) =>
        (lower, upper) switch
        {
            (_, { HidesBelow: true }) => upper,
            (HoconObject low, HoconObject up) => MergeObjects(low, up, limits, reuse),
            (HoconSimple or HoconArray, HoconObject up) => up.Hiding(true),
            _ => Stack(lower, upper, limits, reuse),
        };

    public static HoconObject MergeObjects(
        HoconObject lower, HoconObject upper, HoconLimits limits, bool reuse = false)
    {
        var merged = reuse ? lower : lower.Copy();
        foreach (var (key, value) in upper.Fields)
            Define(merged, key, value, limits, reuse);
        return merged;
    }

    /// <summary>Adds a definition of a key to an object that is still being built.</summary>
    public static void Define(
        HoconObject target, string key, HoconValue value, HoconLimits limits, bool reuse = true)
    {
        var fields = target.Building;
        fields[key] = fields.TryGetValue(key, out var before)
            ? Merge(before, value, limits, reuse)
            : value;
    }

    private static HoconMerge Stack(
        HoconValue lower, HoconValue upper, HoconLimits limits, bool reuse)
    {
        var layers = lower is not HoconMerge below ? [lower]
            : reuse ? below.Building : new List<HoconValue>(below.Layers);
        foreach (var layer in upper is HoconMerge above ? above.Layers : [upper])
        {
            if (layer.HidesBelow)
                layers.Clear();
            if (layer is HoconObject up && layers.Count > 0 && layers[^1] is HoconObject low)
                layers[^1] = MergeObjects(low, up, limits, reuse);
            else
                layers.Add(layer);
        }
        if (layers.Count > limits.MaxDefinitionsOfOneKey)
            throw new ConfigurationException(
                $"a key has more than {limits.MaxDefinitionsOfOneKey} definitions that wait for a "
                + $"substitution ({nameof(limits.MaxDefinitionsOfOneKey)}): write its value in one",
                upper.Origin);
        return new(upper.Origin, layers);
    }

    /// <summary>
    /// Adds what a value consists of to a list of definitions, uppermost first.
    /// True when nothing below this value can matter.
    /// </summary>
    public static bool Collect(HoconValue value, List<HoconValue> topDown)
    {
        if (value is not HoconMerge merge)
        {
            topDown.Add(value);
            return value.HidesBelow;
        }
        for (var i = merge.Layers.Count - 1; i >= 0; i--)
        {
            if (Collect(merge.Layers[i], topDown))
                return true;
        }
        return false;
    }

    /// <summary>A key's definitions in objects laid over each other, uppermost first.</summary>
    public static List<HoconValue> Child(IEnumerable<HoconValue> objects, string key)
    {
        var found = new List<HoconValue>();
        foreach (var value in objects)
        {
            var fields = ((HoconObject)value).Fields;
            if ((fields.TryGetValue(key, out var child) && Collect(child, found))
                || value.HidesBelow)
                break;
        }
        return found;
    }

    /// <summary>
    /// One value from several side by side. Each part is given as what it stands for: nothing, one
    /// simple value or list, or objects laid over each other, uppermost first; so is the result.
    /// </summary>
    public static IReadOnlyList<HoconValue> Join(
        IReadOnlyList<IReadOnlyList<HoconValue>> parts, HoconOrigin origin)
    {
        var present = parts.Where(p => p.Count > 0 && !IsSeparator(p[0])).ToList();
        if (present.Count == 0)
            return [];
        if (present.TrueForAll(p => p[0] is HoconSimple))
            return JoinSimple(parts);
        if (present.Find(p => p[0] is HoconSimple) is { } text)
            throw Unjoinable(text[0], present.Find(p => p[0] is not HoconSimple)![0]);
        if (present.TrueForAll(p => p[0] is HoconObject))
            return [.. present.AsEnumerable().Reverse().SelectMany(p => p)];
        var list = present.Find(p => p[0] is HoconArray)![0];
        return [new HoconArray(origin, [.. present.SelectMany(p => Items(p, list))])];
    }

    private static bool IsSeparator(HoconValue value) => value is HoconString { IsSeparator: true };

    private static IReadOnlyList<HoconValue> JoinSimple(
        IReadOnlyList<IReadOnlyList<HoconValue>> parts)
    {
        var values = parts.Where(p => p.Count > 0).Select(p => (HoconSimple)p[0]).ToList();
        return values.Count == 1
            ? [values[0]]
            : [new HoconString(values[0].Origin, string.Concat(values.Select(v => v.Text)))];
    }

    private static IEnumerable<HoconValue> Items(IReadOnlyList<HoconValue> part, HoconValue list)
    {
        if (part[0] is HoconArray array)
            return array.Items;
        var items = Indexed(part);
        return items.Count > 0 ? items : throw Unjoinable(part[0], list);
    }

    /// <summary>The items of objects whose keys are numbers, in the order of those.</summary>
    public static IReadOnlyList<HoconValue> Indexed(IReadOnlyList<HoconValue> objects) =>
    [
        .. objects.SelectMany(o => ((HoconObject)o).Fields.Keys)
            .Where(k => k.Length > 0 && k.All(char.IsAsciiDigit) && int.TryParse(k, out _))
            .Distinct(StringComparer.Ordinal)
            .OrderBy(int.Parse)
            .Select(key => Whole(Child(objects, key))),
    ];

    private static HoconValue Whole(List<HoconValue> layers)
    {
        layers.Reverse();
        return layers.Count == 1 ? layers[0] : new HoconMerge(layers[^1].Origin, layers);
    }

    private static ConfigurationException Unjoinable(HoconValue one, HoconValue other) => new(
        $"{one.Kind} ({one.Origin}) cannot stand beside {other.Kind} ({other.Origin}): only text "
        + "joins with text, lists with lists and objects with objects; put a comma or a new line "
        + "between them, or quote the text", one.Origin);
}
