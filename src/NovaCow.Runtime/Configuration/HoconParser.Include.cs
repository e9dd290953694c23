using System.Text;

namespace NovaCow.Runtime.Configuration;

/// <summary>The include statement.</summary>
internal sealed partial class HoconParser
{
    private const string IncludeForms =
        "write include \"file\", include file(\"file\") or include required(file(\"file\"))";

    private void Include(HoconObject target, HoconPath? path)
    {
        var origin = Token.Origin;
        at++;
        var call = new StringBuilder();
        for (; Token.Kind is TokenKind.Unquoted or TokenKind.Space or TokenKind.Newline; at++)
        {
            if (Token.Kind == TokenKind.Unquoted)
                call.Append(Token.Text);
        }
        var name = Token;
        if (name.Kind != TokenKind.Quoted)
            throw new ConfigurationException(
                $"an include needs a quoted name, found {name.Describe()}: {IncludeForms}; a key "
                + "named include must be quoted", name.Origin);
        at++;
        CloseCalls(call.ToString().Count(c => c == '('));
        var form = call.ToString();
        var required = form.StartsWith("required(", StringComparison.Ordinal);
        if (required)
            form = form["required(".Length..];
        CheckForm(form, name.Text, origin);
        foreach (var included in document.Include(name.Text, required, path, origin))
        {
            if (inList && HasUnresolved(included))
                throw new ConfigurationException(
                    $"{included.Origin.Source} has substitutions and is included inside a list, "
                    + "where its keys have no path: include it under a key, and refer to that",
                    origin);
            HoconLayers.MergeObjects(target, included, Limits, reuse: true);
        }
    }

    private void CloseCalls(int open)
    {
        while (open > 0)
        {
            SkipBlank();
            var text = Token.Kind == TokenKind.Unquoted ? Token.Text : "";
            if (text.Length == 0 || text.Length > open || text.Any(c => c != ')'))
                throw Error($"expected ')' after the name in an include, found {Token.Describe()}");
            open -= text.Length;
            at++;
        }
    }

    private static void CheckForm(string form, string name, HoconOrigin origin)
    {
        var scheme = name.IndexOf("://", StringComparison.Ordinal);
        if (form is "url(" or "classpath("
            || (form.Length == 0 && scheme > 0 && name[..scheme].All(char.IsAsciiLetter)))
            throw new ConfigurationException(
                $"include of \"{name}\": only files can be included, no URL and no class path: "
                + "download it beside this file and include that", origin);
        if (form is not ("" or "file("))
            throw new ConfigurationException(
                $"'{form}' is no form of include: {IncludeForms}", origin);
    }

    private static bool HasUnresolved(HoconValue value) => value switch
    {
        HoconObject o => o.Fields.Values.Any(HasUnresolved),
        HoconArray a => a.Items.Any(HasUnresolved),
        _ => value is HoconUnresolved,
    };
}
