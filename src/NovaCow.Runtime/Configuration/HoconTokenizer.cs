using System.Globalization;
using System.Text;

namespace NovaCow.Runtime.Configuration;

/// <summary>
/// Cuts a text into tokens. It knows characters and nothing of structure: comments vanish here,
/// white space stays, because concatenation needs it.
/// </summary>
internal sealed class HoconTokenizer
{
    private const string Reserved = "$\"{}[]:=,+#`^?!@*&\\";

    private readonly string text;
    private readonly string source;
    private readonly List<HoconToken> tokens = [];
    private int at;
    private int line = 1;
    private int lineStart;

    private HoconTokenizer(string text, string source) => (this.text, this.source) = (text, source);

    public static List<HoconToken> Tokenize(string text, string source, HoconLimits limits)
    {
        if (text.Length > limits.MaxDocumentLength)
            throw new ConfigurationException(
                $"the document has {text.Length} characters; {nameof(limits.MaxDocumentLength)} "
                + $"is {limits.MaxDocumentLength}: split it or remove what is not configuration",
                new(source, 0, 0));
        return new HoconTokenizer(text, source).Run();
    }

    private HoconOrigin Here => new(source, line, at - lineStart + 1);

    private char Peek(int ahead = 0) => at + ahead < text.Length ? text[at + ahead] : '\0';

    private bool Has(string expected) =>
        string.CompareOrdinal(text, at, expected, 0, expected.Length) == 0;

    private List<HoconToken> Run()
    {
        while (at < text.Length)
            Next();
        Add(TokenKind.End, "", Here);
        return tokens;
    }

    private void Next()
    {
        var c = text[at];
        if (c == '\n')
        {
            Add(TokenKind.Newline, "\n", Here);
            NextLine();
        }
        else if (IsSpace(c))
            Space();
        else if (c == '#' || Has("//"))
            Comment();
        else if (Has("\"\"\""))
            TripleQuoted();
        else if (c == '"')
            Quoted();
        else if (Has("${?"))
            Symbol(TokenKind.OptionalSubstitution, 3);
        else if (Has("${"))
            Symbol(TokenKind.Substitution, 2);
        else if (Has("+="))
            Symbol(TokenKind.PlusEqual, 2);
        else if (SymbolKind(c) is { } kind)
            Symbol(kind, 1);
        else if (Reserved.Contains(c))
            throw new ConfigurationException(
                $"'{c}' is reserved outside quotes: put the text in double quotes", Here);
        else
            Unquoted();
    }

    private static TokenKind? SymbolKind(char c) => c switch
    {
        ',' => TokenKind.Comma,
        ':' => TokenKind.Colon,
        '=' => TokenKind.Equal,
        '{' => TokenKind.OpenBrace,
        '}' => TokenKind.CloseBrace,
        '[' => TokenKind.OpenBracket,
        ']' => TokenKind.CloseBracket,
        _ => null,
    };

    private void Add(TokenKind kind, string value, HoconOrigin origin) =>
        tokens.Add(new(kind, value, origin));

    private void NextLine()
    {
        at++;
        line++;
        lineStart = at;
    }

    private void Symbol(TokenKind kind, int length)
    {
        Add(kind, text.Substring(at, length), Here);
        at += length;
    }

    private void Space()
    {
        var (start, origin) = (at, Here);
        while (at < text.Length && text[at] != '\n' && IsSpace(text[at]))
            at++;
        Add(TokenKind.Space, text[start..at], origin);
    }

    private void Comment()
    {
        while (at < text.Length && text[at] != '\n')
            at++;
    }

    private void Unquoted()
    {
        var (start, origin) = (at, Here);
        at += HoconNumbers.PrefixLength(text.AsSpan(at));
        while (at < text.Length && !Reserved.Contains(text[at]) && !IsSpace(text[at]) && !Has("//"))
            at++;
        Add(TokenKind.Unquoted, text[start..at], origin);
    }

    private void TripleQuoted()
    {
        var origin = Here;
        var start = at + 3;
        var end = text.IndexOf("\"\"\"", start, StringComparison.Ordinal);
        if (end < 0)
            throw new ConfigurationException("triple quotes are not closed by \"\"\"", origin);
        while (end + 3 < text.Length && text[end + 3] == '"')
            end++;
        Add(TokenKind.Quoted, text[start..end], origin);
        while (at < end + 3)
        {
            if (text[at] == '\n')
                NextLine();
            else
                at++;
        }
    }

    private void Quoted()
    {
        var origin = Here;
        var value = new StringBuilder();
        at++;
        while (true)
        {
            if (at == text.Length || text[at] == '\n')
                throw new ConfigurationException(
                    "quoted text is not closed on its line: add the \", or use \"\"\"", origin);
            var c = text[at];
            if (c < ' ')
                throw new ConfigurationException(
                    $"quoted text has the control character U+{(int)c:X4}: write \\u{(int)c:x4}",
                    Here);
            if (c == '"')
                break;
            value.Append(c == '\\' ? Escape() : c);
            at++;
        }
        at++;
        Add(TokenKind.Quoted, value.ToString(), origin);
    }

    /// <summary>Reads an escape up to, and not including, its last character's successor.</summary>
    private char Escape()
    {
        var origin = Here;
        at++;
        switch (Peek())
        {
            case '"': return '"';
            case '\\': return '\\';
            case '/': return '/';
            case 'b': return '\b';
            case 'f': return '\f';
            case 'n': return '\n';
            case 'r': return '\r';
            case 't': return '\t';
            case 'u':
                if (at + 4 < text.Length && ushort.TryParse(
                    text.AsSpan(at + 1, 4), NumberStyles.AllowHexSpecifier, null, out var code))
                {
                    at += 4;
                    return (char)code;
                }
                break;
        }
        throw new ConfigurationException(
            "unknown escape in quoted text: write \\\\ for a backslash, or use triple quotes",
            origin);
    }

    /// <summary>The specification's white space: separators, the BOM, some controls.</summary>
    internal static bool IsSpace(char c) => c switch
    {
        >= '\u0009' and <= '\u000D' or >= '\u001C' and <= '\u0020' or '\uFEFF' => true,
        < '\u0080' => false,
        _ => char.GetUnicodeCategory(c) is UnicodeCategory.SpaceSeparator
            or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator,
    };
}
