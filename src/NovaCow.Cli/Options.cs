using System.CommandLine;
using System.CommandLine.Parsing;

namespace NovaCow.Cli;

/// <summary>The options that every command has.</summary>
internal static class Options
{
    public static Option<Uri> Api { get; } = new("--api")
    {
        Description = "The API of a control node; else NOVACOW_API, else http://127.0.0.1:7600",
        Recursive = true,
        HelpName = "URL",
        DefaultValueFactory = result => Parse(
            "NOVACOW_API",
            Environment.GetEnvironmentVariable("NOVACOW_API") is { Length: > 0 } set
                ? set : "http://127.0.0.1:7600",
            result),
        CustomParser = result => Parse("--api", result.Tokens[0].Value, result),
    };

    public static Option<bool> Json { get; } = new("--json")
    {
        Description = "Print JSON, for programs",
        Recursive = true,
    };

    private static Uri Parse(string name, string text, ArgumentResult result)
    {
        if (Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https")
            return uri;
        result.AddError($"{name} '{text}': expected a URL such as http://127.0.0.1:7600");
        return null!;
    }
}
