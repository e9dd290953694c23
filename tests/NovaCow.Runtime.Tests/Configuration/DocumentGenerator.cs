using System.Globalization;
using System.Text;

namespace NovaCow.Runtime.Tests.Configuration;

/// <summary>Makes documents from a seed: the same seed, the same document.</summary>
internal sealed class DocumentGenerator(int seed)
{
    private const string OddCharacters =
        "a.b\"\\/ \n\t\u0001\u00e9\u00a0\u2028\uFEFF$#{}[]:=,+`^?!@*&";

    private static readonly string[] Keys =
        ["a", "b", "c", "host", "true", "null", "10", "-x", "include", "a.b", "", " s ", "\u00e9"];

    private static readonly string[] Fragments =
    [
        "${a}", "${?a}", "${b.c}", "${?c}", "${?host}", "${X[]}", "include \"x\"", "+=", "=", ":",
        "{", "}", "[", "]", ",", "\n", "\"", "\"\"\"", "//", "#", "null", "true", "1", "-", "1e+5",
        "\\u00", "\uD800", "a.b.c", "a..b", "${", "}", "$", " ", "\u00a0", "include",
    ];

    private readonly Random random = new(seed);

    public string JsonDocument() => Json(random.Next(2) == 0 ? '{' : '[', 4);

    /// <summary>An object, in JSON, whose keys are now and then odd.</summary>
    public string JsonObject() => Json('{', 4);

    /// <summary>Keys with values that refer to each other, merge and append.</summary>
    public string HoconDocument()
    {
        var text = new StringBuilder();
        for (var i = random.Next(1, 12); i > 0; i--)
            text.Append(Path()).Append(Pick([" = ", " : ", " += ", "="])).Append(HoconValue(3))
                .Append(Pick(["\n", ", ", "\n\n", " # why\n"]));
        return text.ToString();
    }

    /// <summary>The same text with pieces cut out, doubled, and put in.</summary>
    public string Mutate(string text)
    {
        var mutant = new StringBuilder(text);
        for (var i = random.Next(1, 6); i > 0; i--)
        {
            var at = random.Next(mutant.Length + 1);
            var length = Math.Min(random.Next(1, 8), mutant.Length - at);
            switch (random.Next(4))
            {
                case 0:
                    mutant.Remove(at, length);
                    break;
                case 1:
                    mutant.Insert(at, mutant.ToString(at, length));
                    break;
                case 2:
                    mutant.Insert(at, (char)random.Next(1, 0x250));
                    break;
                default:
                    mutant.Insert(at, Pick(Fragments));
                    break;
            }
        }
        return mutant.ToString();
    }

    private string Pick(string[] choices) => choices[random.Next(choices.Length)];

    private string Space() => Pick(["", "", "", " ", "\n", "\t", "\r\n", "  "]);

    private string Path() =>
        string.Join('.', Enumerable.Range(0, random.Next(1, 3)).Select(_ => Pick(Keys[..4])));

    private string HoconValue(int depth) => random.Next(depth > 0 ? 9 : 6) switch
    {
        0 => Scalar(),
        1 => Pick(["unquoted text", "10s", "/var/lib", "null", "yes"]),
        2 => $"${{?{Path()}}}",
        3 => $"${{{Path()}}}",
        4 => $"${{?{Path()}}} {Pick(["x", "[1]", "{ b = 1 }"])}",
        5 => $"{Pick(["x", "[1]", "{ b = 1 }"])} ${{?{Path()}}}",
        6 => $"[{HoconValue(depth - 1)}, {HoconValue(depth - 1)}]",
        7 => $"{{ {Path()} = {HoconValue(depth - 1)}\n{Path()} += {HoconValue(depth - 1)} }}",
        _ => $"{{ {Path()} {{ {Path()} : {HoconValue(depth - 1)} }} }}",
    };

    private string Json(char kind, int depth)
    {
        var items = Enumerable.Range(0, random.Next(5)).Select(
            i => $"{Space()}{(kind == '{' ? $"{Quoted(Key(i))}{Space()}:{Space()}" : "")}"
                + Element(depth) + Space()).ToList();
        return $"{kind}{Space()}{string.Join(',', items)}{Space()}{(kind == '{' ? '}' : ']')}";
    }

    private string Element(int depth) => depth == 0 || random.Next(3) == 0
        ? Scalar()
        : Json(Pick(["{", "["])[0], depth - 1);

    /// <summary>Keys of one object differ: JSON says nothing about keys that do not.</summary>
    private string Key(int number) => random.Next(3) == 0
        ? Pick(Keys) + number.ToString(CultureInfo.InvariantCulture)
        : Odd() + number.ToString(CultureInfo.InvariantCulture);

    private string Scalar() => random.Next(6) switch
    {
        0 => Pick(["true", "false"]),
        1 => "null",
        2 => random.Next(-1000, 1000).ToString(CultureInfo.InvariantCulture),
        3 => Pick(["-0", "0.5", "1e5", "1E+10", "-1.25e-3", "9007199254740993", "0e0"]),
        _ => Quoted(random.Next(2) == 0 ? Odd() : Pick(Keys)),
    };

    private string Odd() => string.Concat(Enumerable.Range(0, random.Next(6)).Select(
        _ => OddCharacters[random.Next(OddCharacters.Length)]));

    private static string Quoted(string text) =>
        System.Text.Json.JsonSerializer.Serialize(text);
}
