using System.CommandLine;

namespace NovaCow.Cli.Commands;

internal static class PlacementCommand
{
    public static Command Create(Terminal terminal)
    {
        var image = new Argument<string>("IMAGE") { Description = "The image's name" };
        var flavor = new Option<string>("--flavor", "-f")
        {
            Description = "The flavor's name",
            DefaultValueFactory = _ => "m1.small",
        };
        var choices = new LaunchChoices();
        var explain = new Command(
            "explain", "Where a launch would go now, and why; nothing is launched")
        {
            image, flavor,
        };
        choices.AddTo(explain);
        explain.SetAction(async (parsed, ct) =>
        {
            using var client = Terminal.Connect(parsed);
            var placement = await client.ExplainPlacementAsync(
                parsed.GetRequiredValue(image), parsed.GetRequiredValue(flavor),
                choices.Of(parsed), ct);
            terminal.Write(parsed, placement, p => terminal.WriteTable(
                ["HOST", "CACHE", ">LAUNCHES", "NOTE"],
                p.Hosts.Select(h => new[]
                {
                    h.Host, h.Cache, h.Launches.ToString(),
                    h.Because ?? (h.Host == p.Host ? "it goes here" : null),
                })));
            return placement.Host is null ? ExitCode.TryAgain : ExitCode.Success;
        });
        explain.WithExamples(
            "novacow placement explain debian-12 --flavor m1.small",
            "novacow placement explain debian-12 --driver reflink --json");
        return new Command("placement", "Where launches go") { explain };
    }
}
