using System.Text;

namespace NovaCow.Runtime.Configuration;

/// <summary>
/// A path through objects: one key or more. Its text is a path expression, in which a key that is
/// not plain is quoted, so that it can be read back.
/// </summary>
public sealed class HoconPath
{
    private readonly string[] keys;

    internal HoconPath(params ReadOnlySpan<string> keys) => this.keys = keys.ToArray();

    public IReadOnlyList<string> Keys => keys;

    /// <summary>Reads a path expression, such as <c>a.b."c.d"</c>.</summary>
    public static HoconPath Parse(string expression)
    {
        ArgumentNullException.ThrowIfNull(expression);
        if (IsPlain(expression))
            return new(expression);
        var origin = new HoconOrigin($"path '{expression}'", 0, 0);
        var tokens = HoconTokenizer.Tokenize(expression, origin.Source, HoconLimits.Default);
        return FromTokens(tokens.Take(tokens.Count - 1), origin);
    }

    /// <summary>The path that these tokens spell; white space at either end is dropped.</summary>
    internal static HoconPath FromTokens(IEnumerable<HoconToken> tokens, HoconOrigin origin)
    {
        var found = new List<string>();
        var key = new StringBuilder();
        var space = "";
        var (quoted, any) = (false, false);
        foreach (var token in tokens)
        {
            any |= token.Kind != TokenKind.Space;
            switch (token.Kind)
            {
                case TokenKind.Space:
                    space = any ? token.Text : "";
                    continue;
                case TokenKind.Quoted:
                    key.Append(space).Append(token.Text);
                    quoted = true;
                    break;
                case TokenKind.Unquoted:
                    key.Append(space);
                    foreach (var c in token.Text)
                    {
                        if (c != '.')
                        {
                            key.Append(c);
                            continue;
                        }
                        EndKey();
                        quoted = false;
                    }
                    break;
                default:
                    throw new ConfigurationException(
                        $"{token.Describe()} cannot be part of a key; put the key in double quotes",
                        token.Origin);
            }
            space = "";
        }
        EndKey();
        return new([.. found]);

        void EndKey()
        {
            if (key.Length == 0 && !quoted)
                throw new ConfigurationException(any
                    ? "a path has an empty key: write a name between dots, or \"\" for no name"
                    : "a key is missing", origin);
            found.Add(key.ToString());
            key.Clear();
        }
    }

    /// <summary>This path below another.</summary>
    internal HoconPath Under(HoconPath? parent) =>
        parent is null ? this : new([.. parent.keys, .. keys]);

    internal HoconPath Child(string key) => new([.. keys, key]);

    /// <summary>The path's text when the key of a child is added, without making a path.</summary>
    internal static string Join(string parent, string key) =>
        parent.Length == 0 ? Quote(key) : $"{parent}.{Quote(key)}";

    internal static bool IsPlain(string key) =>
        key.Length > 0 && key != "include"
        && key.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');

    internal static string Quote(string key) => IsPlain(key) ? key : HoconRenderer.QuoteJson(key);

    public override string ToString() => string.Join('.', keys.Select(Quote));
}
