namespace NovaCow.Runtime.Configuration;

/// <summary>
/// Environment variables as values: always text; <c>${X[]}</c> is the list of <c>X_0</c>,
/// <c>X_1</c>… up to the first that is not set.
/// </summary>
internal sealed class HoconEnvironment(Func<string, string?> variable)
{
    public HoconValue? Find(HoconSubstitution substitution)
    {
        var name = string.Join('.', substitution.AsWritten.Keys);
        if (name.Length == 0 || name.Contains('=') || name.Contains('\0'))
            return null;
        if (!substitution.IsList)
            return Text(name);
        var items = new List<HoconValue>();
        while (Text($"{name}_{items.Count}") is { } item)
            items.Add(item);
        return items.Count == 0 ? null : new HoconArray(items[0].Origin, items);
    }

    private HoconString? Text(string name) => variable(name) is { } text
        ? new HoconString(new($"environment variable {name}", 0, 0), text)
        : null;
}
