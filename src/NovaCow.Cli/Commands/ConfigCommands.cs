using System.CommandLine;
using NovaCow.Runtime.Configuration;

namespace NovaCow.Cli.Commands;

internal static class ConfigCommands
{
    public static Command Create(Terminal terminal)
    {
        var file = new Argument<string>("FILE");
        var render = new Command(
            "render", "Show a HOCON file as it resolves; needs no node") { file };
        render.SetAction(parsed =>
        {
            var config = ConfigurationFactory.ParseFile(parsed.GetRequiredValue(file));
            terminal.WriteLine(config.Render(new RenderOptions { Json = parsed.GetValue(Options.Json) }));
            return ExitCode.Success;
        });
        render.WithExamples("novacow config render hocon/reference.conf --json");
        return new Command("config", "Configuration files") { render };
    }
}
