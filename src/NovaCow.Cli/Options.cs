using System.CommandLine;

namespace NovaCow.Cli;

/// <summary>The options that every command has.</summary>
internal static class Options
{
    public static Option<Uri> Api { get; } = new("--api")
    {
        Description = "The API of a control node; else NOVACOW_API, else http://127.0.0.1:7600",
        Recursive = true,
        HelpName = "URL",
        DefaultValueFactory = _ => new Uri(
            Environment.GetEnvironmentVariable("NOVACOW_API") ?? "http://127.0.0.1:7600"),
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https")
                return uri;
            result.AddError($"--api '{text}': expected a URL such as http://127.0.0.1:7600");
            return null;
        },
    };

    public static Option<bool> Json { get; } = new("--json")
    {
        Description = "Print JSON, for programs",
        Recursive = true,
    };
}
