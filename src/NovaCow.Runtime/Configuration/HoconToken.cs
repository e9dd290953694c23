namespace NovaCow.Runtime.Configuration;

internal enum TokenKind
{
    End, Newline, Space, Comma, Colon, Equal, PlusEqual, OpenBrace, CloseBrace, OpenBracket,
    CloseBracket, Quoted, Unquoted, Substitution, OptionalSubstitution,
}

/// <summary>One token; of text, <paramref name="Text"/> has the escapes undone.</summary>
internal readonly record struct HoconToken(TokenKind Kind, string Text, HoconOrigin Origin)
{
    public string Describe() => Kind switch
    {
        TokenKind.End => "the end of the document",
        TokenKind.Newline => "the end of the line",
        TokenKind.Space => "white space",
        TokenKind.Quoted => $"the text \"{Shorten(Text)}\"",
        _ => $"'{Shorten(Text)}'",
    };

    private static string Shorten(string text) => text.Length <= 40 ? text : text[..40] + "…";
}
