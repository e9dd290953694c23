using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace NovaCow.Core;

/// <summary>
/// Chooses hosts by their labels: terms with commas between them, each <c>name=value</c>,
/// <c>name!=value</c> or <c>name</c> (there is such a label), and all of them hold. The order in
/// which they were given does not matter: the text is sorted, and compared by what it says.
/// </summary>
[JsonConverter(typeof(StringIdConverter<HostSelector>))]
public sealed record HostSelector : IStringId<HostSelector>
{
    /// <summary>The most terms of one selector.</summary>
    public const int MaxTerms = 16;

    private readonly IReadOnlyList<Term> _terms;

    private HostSelector(IReadOnlyList<Term> terms)
    {
        _terms = terms;
        Value = string.Join(',', terms);
    }

    /// <inheritdoc/>
    public string Value { get; }

    /// <summary>The selector in <paramref name="text"/>, which is known to be valid.</summary>
    /// <exception cref="FormatException">The text is no selector; the message says why.
    /// </exception>
    public static HostSelector Parse(string text) =>
        TryParse(text, out var id, out var problem) ? id : throw new FormatException(problem);

    /// <inheritdoc/>
    public static bool TryParse(
        string? text,
        [NotNullWhen(true)] out HostSelector? id,
        [NotNullWhen(false)] out string? problem)
    {
        id = null;
        var parts = (text ?? "").Split(',', StringSplitOptions.TrimEntries);
        problem = parts.Length > MaxTerms
            ? $"selector: {parts.Length} terms; at most {MaxTerms} are allowed"
            : null;
        SortedSet<Term> terms = new(Comparer<Term>.Create(
            (a, b) => string.CompareOrdinal(a.ToString(), b.ToString())));
        foreach (var part in parts)
            problem ??= ReadTerm(part, terms);
        if (problem is null)
            id = new HostSelector([.. terms]);
        return id is not null;
    }

    /// <summary>The first term that does not hold of a host; null: all hold.</summary>
    public string? Unmet(IReadOnlyList<HostLabel> labels)
    {
        for (var i = 0; i < _terms.Count; i++)
        {
            if (!_terms[i].HoldsOf(labels))
                return _terms[i].ToString();
        }

        return null;
    }

    /// <inheritdoc/>
    public bool Equals(HostSelector? other) => Value == other?.Value;

    /// <inheritdoc/>
    public override int GetHashCode() => Value.GetHashCode(StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => Value;

    private static string? ReadTerm(string text, SortedSet<Term> terms)
    {
        var at = text.IndexOf('=', StringComparison.Ordinal);
        var isNot = at > 0 && text[at - 1] == '!';
        var term = at < 0
            ? new Term(text, null, false)
            : new Term(text[..(isNot ? at - 1 : at)], text[(at + 1)..], isNot);
        terms.Add(term);
        return Names.Problem("selector", term.Name)
            ?? (term.Value is null
                ? null : Names.Problem($"selector {term.Name}", term.Value));
    }

    private sealed record Term(string Name, string? Value, bool IsNot)
    {
        public bool HoldsOf(IReadOnlyList<HostLabel> labels)
        {
            for (var i = 0; i < labels.Count; i++)
            {
                if (labels[i].Name == Name)
                    return Value is null || labels[i].Value == Value != IsNot;
            }

            return IsNot;
        }

        public override string ToString() =>
            Value is null ? Name : $"{Name}{(IsNot ? "!=" : "=")}{Value}";
    }
}
