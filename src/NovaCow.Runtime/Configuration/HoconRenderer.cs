using System.Text;

namespace NovaCow.Runtime.Configuration;

/// <summary>How a configuration is written out.</summary>
public sealed record RenderOptions
{
    /// <summary>HOCON over several lines.</summary>
    public static RenderOptions Default { get; } = new();

    /// <summary>One line, for messages.</summary>
    public static RenderOptions Concise { get; } = new() { Indented = false, Json = true };

    /// <summary>JSON instead of HOCON.</summary>
    public bool Json { get; init; }

    public bool Indented { get; init; } = true;

    /// <summary>
    /// A comment above each key says where its value was written. Only for indented HOCON: JSON
    /// has no comments.
    /// </summary>
    public bool Origins { get; init; }
}

/// <summary>Writes values as HOCON or JSON that reads back as equal values.</summary>
internal sealed class HoconRenderer
{
    private readonly StringBuilder text = new();
    private readonly RenderOptions options;

    private HoconRenderer(RenderOptions options) => this.options = options;

    public static string Render(HoconValue value, RenderOptions options)
    {
        var renderer = new HoconRenderer(options);
        if (value is HoconObject root && !options.Json && options.Indented)
            renderer.Fields(root, 0);
        else
            renderer.Value(value, 0);
        return renderer.text.ToString();
    }

    private void Value(HoconValue value, int level)
    {
        switch (value)
        {
            case HoconObject { Fields.Count: 0 }:
                text.Append("{}");
                break;
            case HoconObject o:
                text.Append('{');
                NewLine();
                Fields(o, level + 1);
                Indent(level);
                text.Append('}');
                break;
            case HoconArray { Items.Count: 0 }:
                text.Append("[]");
                break;
            case HoconArray a:
                Items(a, level);
                break;
            case HoconString s:
                text.Append(!options.Json && IsPlainText(s.Text) ? s.Text : QuoteJson(s.Text));
                break;
            case HoconSimple s:
                text.Append(s.Text);
                break;
            case HoconSubstitution s:
                text.Append(s.Expression);
                break;
            case HoconConcatenation c:
                foreach (var part in c.Parts)
                    Value(part, level);
                break;
            case HoconMerge m:
                text.Append("<merge of ").Append(m.Layers.Count).Append('>');
                break;
        }
    }

    private void Fields(HoconObject value, int level)
    {
        var left = value.Fields.Count;
        foreach (var (key, field) in value.Fields)
        {
            left--;
            if (options is { Origins: true, Json: false, Indented: true })
            {
                Indent(level);
                text.Append("# ").Append(OneLine(field.Origin.SourceAndLine)).Append('\n');
            }
            Indent(level);
            text.Append(options.Json ? QuoteJson(key) : HoconPath.Quote(key));
            text.Append(options.Json ? options.Indented ? ": " : ":"
                : field is HoconObject ? " " : " = ");
            Value(field, level);
            EndElement(left);
        }
    }

    private void Items(HoconArray value, int level)
    {
        text.Append('[');
        NewLine();
        for (var i = 0; i < value.Items.Count; i++)
        {
            Indent(level + 1);
            Value(value.Items[i], level + 1);
            EndElement(value.Items.Count - i - 1);
        }
        Indent(level);
        text.Append(']');
    }

    private void EndElement(int left)
    {
        if (left > 0 && (options.Json || !options.Indented))
            text.Append(',');
        NewLine();
    }

    private void NewLine()
    {
        if (options.Indented)
            text.Append('\n');
    }

    private void Indent(int level)
    {
        if (options.Indented)
            text.Append(' ', 2 * level);
    }

    private static string OneLine(string name) => name.Replace('\n', ' ').Replace('\r', ' ');

    /// <summary>Text that needs no quotes, and is no keyword.</summary>
    private static bool IsPlainText(string value) =>
        value.Length > 0
        && (char.IsAsciiLetter(value[0]) || value[0] == '/')
        && value.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '/')
        && !value.Contains("//", StringComparison.Ordinal)
        && value is not ("true" or "false" or "null");

    internal static string QuoteJson(string value)
    {
        var quoted = new StringBuilder(value.Length + 2).Append('"');
        for (var i = 0; i < value.Length; i++)
        {
            var c = value[i];
            if (i + 1 < value.Length && char.IsSurrogatePair(c, value[i + 1]))
            {
                quoted.Append(c).Append(value[++i]);
                continue;
            }
            _ = c switch
            {
                '"' => quoted.Append("\\\""),
                '\\' => quoted.Append("\\\\"),
                '\n' => quoted.Append("\\n"),
                '\r' => quoted.Append("\\r"),
                '\t' => quoted.Append("\\t"),
                _ when IsUnsafe(c) => quoted.Append("\\u").Append(((int)c).ToString("x4")),
                _ => quoted.Append(c),
            };
        }
        return quoted.Append('"').ToString();
    }

    /// <summary>Characters that cannot be seen or, lone surrogates, cannot be encoded.</summary>
    private static bool IsUnsafe(char c) =>
        char.IsControl(c) || char.IsSurrogate(c) || (c != ' ' && HoconTokenizer.IsSpace(c));
}
