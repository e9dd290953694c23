namespace NovaCow.Runtime.Configuration;

/// <summary>
/// Builds the values of one document from its tokens: structure, merging of repeated keys, and
/// concatenation, as far as these need no substitution.
/// </summary>
internal sealed partial class HoconParser
{
    private readonly HoconDocument document;
    private readonly List<HoconToken> tokens;
    private int at;
    private int depth;
    private bool inList;

    private HoconParser(HoconDocument document, string text)
    {
        this.document = document;
        tokens = HoconTokenizer.Tokenize(text, document.Source, document.Limits);
    }

    private HoconLimits Limits => document.Limits;

    private HoconToken Token => tokens[at];

    public static HoconValue Parse(HoconDocument document, string text) =>
        new HoconParser(document, text).Root();

    private HoconValue Root()
    {
        SkipBlank();
        var origin = Token.Origin;
        HoconValue root = Token.Kind switch
        {
            TokenKind.OpenBracket => List(),
            TokenKind.OpenBrace => Object(document.Base),
            _ => Fields(new(origin), document.Base, TokenKind.End),
        };
        SkipBlank();
        if (Token.Kind == TokenKind.CloseBrace)
            throw Error("'}' closes nothing: remove it, or add the '{' that it should close");
        if (Token.Kind != TokenKind.End)
            throw Error($"{Token.Describe()} follows the end of the root value: remove it");
        return root;
    }

    private ConfigurationException Error(string problem) => new(problem, Token.Origin);

    private void SkipSpace()
    {
        while (Token.Kind == TokenKind.Space)
            at++;
    }

    /// <summary>Skips white space and new lines; true when there was a new line.</summary>
    private bool SkipBlank()
    {
        var newline = false;
        for (; Token.Kind is TokenKind.Space or TokenKind.Newline; at++)
            newline |= Token.Kind == TokenKind.Newline;
        return newline;
    }

    private void Deeper(int levels)
    {
        depth += levels;
        if (depth > Limits.MaxDepth)
            throw Error($"more than {Limits.MaxDepth} levels of nesting "
                + $"({nameof(Limits.MaxDepth)}): write a flatter document");
    }

    private HoconObject Object(HoconPath? path)
    {
        var target = new HoconObject(Token.Origin);
        at++;
        Deeper(1);
        Fields(target, path, TokenKind.CloseBrace);
        at++;
        depth--;
        return target;
    }

    private HoconArray List()
    {
        var origin = Token.Origin;
        var items = new List<HoconValue>();
        var outer = inList;
        inList = true;
        at++;
        Deeper(1);
        Elements(TokenKind.CloseBracket, () => items.Add(Value(null)));
        at++;
        depth--;
        inList = outer;
        return new(origin, items);
    }

    private HoconObject Fields(HoconObject target, HoconPath? path, TokenKind end)
    {
        Elements(end, () => Field(target, path));
        return target;
    }

    /// <summary>Reads elements up to their closing token, which it leaves.</summary>
    private void Elements(TokenKind end, Action element)
    {
        var origin = Token.Origin;
        SkipBlank();
        while (Token.Kind != end)
        {
            if (Token.Kind == TokenKind.Comma)
                throw Error("a comma with nothing before it: remove it");
            if (Token.Kind == TokenKind.End)
                throw Error($"the document ends inside what begins at {origin}: close it");
            if (end == TokenKind.End && Token.Kind == TokenKind.CloseBrace)
                return;
            element();
            var separated = SkipBlank();
            if (Token.Kind == TokenKind.Comma)
            {
                at++;
                SkipBlank();
            }
            else if (!separated && Token.Kind != end && Token.Kind != TokenKind.End)
            {
                throw Error(
                    $"{Token.Describe()} where a comma, a new line or the end was expected");
            }
        }
    }

    private void Field(HoconObject target, HoconPath? path)
    {
        if (Token is { Kind: TokenKind.Unquoted, Text: "include" })
        {
            Include(target, path);
            return;
        }
        var origin = Token.Origin;
        var key = Key();
        SkipBlank();
        var separator = Token.Kind;
        if (separator is TokenKind.Colon or TokenKind.Equal or TokenKind.PlusEqual)
            at++;
        else if (separator != TokenKind.OpenBrace)
            throw new ConfigurationException(
                $"expected ':', '=', '+=' or '{{' after the key, found {Token.Describe()}",
                Token.Origin, key.ToString());
        var full = key.Under(path);
        Deeper(key.Keys.Count - 1);
        var value = Value(full);
        depth -= key.Keys.Count - 1;
        if (separator == TokenKind.PlusEqual)
            value = Append(value, full, origin);
        for (var i = key.Keys.Count - 1; i > 0; i--)
        {
            var parent = new HoconObject(origin);
            parent.Building[key.Keys[i]] = value;
            value = parent;
        }
        HoconLayers.Define(target, key.Keys[0], value, Limits);
    }

    private HoconConcatenation Append(HoconValue value, HoconPath path, HoconOrigin origin)
    {
        if (inList)
            throw new ConfigurationException(
                "'+=' cannot be used inside a list, where keys have no path: write the whole list",
                origin, path.ToString());
        return new(origin,
        [
            new HoconSubstitution(origin, [path], optional: true, isList: false),
            new HoconArray(value.Origin, [value]),
        ]);
    }

    private HoconPath Key()
    {
        var start = at;
        while (Token.Kind is TokenKind.Space or TokenKind.Quoted or TokenKind.Unquoted)
            at++;
        if (Token.Kind is TokenKind.Substitution or TokenKind.OptionalSubstitution
            or TokenKind.OpenBracket)
            throw Error($"{Token.Describe()} cannot be part of a key; quote the key");
        return HoconPath.FromTokens(tokens[start..at], tokens[start].Origin);
    }

    private HoconValue Value(HoconPath? path)
    {
        SkipBlank();
        var parts = new List<HoconValue>();
        HoconToken? space = null;
        for (; !EndsValue(Token.Kind); SkipAfterPart(ref space))
        {
            if (space is { } s)
                parts.Add(new HoconString(s.Origin, s.Text, isSeparator: true));
            parts.Add(Part(path));
        }
        if (parts.Count == 0)
            throw new ConfigurationException(
                $"a value is missing before {Token.Describe()}: write one, or \"\" or null",
                Token.Origin, path?.ToString());
        if (parts.Count == 1)
            return parts[0];
        if (parts.Exists(p => p is HoconUnresolved))
            return new HoconConcatenation(parts[0].Origin, parts);
        var joined = HoconLayers.Join([.. parts.Select(p => new[] { p })], parts[0].Origin);
        return joined.Reverse().Aggregate(
            (low, up) => HoconLayers.Merge(low, up, Limits, reuse: true));
    }

    private void SkipAfterPart(ref HoconToken? space)
    {
        space = Token.Kind == TokenKind.Space ? Token : null;
        SkipSpace();
    }

    private static bool EndsValue(TokenKind kind) => kind is TokenKind.Newline or TokenKind.Comma
        or TokenKind.CloseBrace or TokenKind.CloseBracket or TokenKind.End;

    private HoconValue Part(HoconPath? path)
    {
        var token = Token;
        switch (token.Kind)
        {
            case TokenKind.OpenBrace:
                return Object(path);
            case TokenKind.OpenBracket:
                return List();
            case TokenKind.Substitution or TokenKind.OptionalSubstitution:
                return Substitution();
            case TokenKind.Quoted:
                at++;
                return new HoconString(token.Origin, token.Text);
            case TokenKind.Unquoted:
                at++;
                return Literal(token);
            default:
                throw new ConfigurationException(
                    $"{token.Describe()} inside a value: put text that has it in double quotes",
                    token.Origin, path?.ToString());
        }
    }

    private static HoconSimple Literal(HoconToken token) => token.Text switch
    {
        "true" or "false" => new HoconBoolean(token.Origin, token.Text == "true"),
        "null" => new HoconNull(token.Origin),
        var text when HoconNumbers.IsNumber(text) => new HoconNumber(token.Origin, text),
        var text => new HoconString(token.Origin, text),
    };

    private HoconSubstitution Substitution()
    {
        var open = Token;
        var start = ++at;
        while (Token.Kind is TokenKind.Space or TokenKind.Quoted or TokenKind.Unquoted)
            at++;
        var path = HoconPath.FromTokens(tokens[start..at], open.Origin);
        var isList = Token.Kind == TokenKind.OpenBracket;
        if (isList)
        {
            at++;
            if (Token.Kind != TokenKind.CloseBracket)
                throw Error("expected ']' after '[' in a substitution: ${NAME[]} is a list");
            at++;
            SkipSpace();
        }
        if (Token.Kind != TokenKind.CloseBrace)
            throw Error($"expected the '}}' that closes the substitution at {open.Origin}, "
                + $"found {Token.Describe()}");
        at++;
        var candidates = document.Roots.Select(root => path.Under(root)).ToArray();
        return new(
            open.Origin, candidates, open.Kind == TokenKind.OptionalSubstitution, isList);
    }
}
