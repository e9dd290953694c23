using System.CommandLine;
using System.Globalization;
using NovaCow.Client;

namespace NovaCow.Cli.Commands;

internal static class ExplainCommand
{
    public static Command Create(Terminal terminal)
    {
        var id = new Argument<string>("INSTANCE") { Description = "The instance's id" };
        var command = new Command(
            "explain", "Why an instance is where it is, and how the hosts stand to it now") { id };
        command.SetAction(async (parsed, ct) =>
        {
            using var client = Terminal.Connect(parsed);
            var placement = await client.ExplainAsync(parsed.GetRequiredValue(id), ct);
            terminal.Write(parsed, placement, p =>
            {
                terminal.WriteFacts(
                    ("instance", p.Instance!.Id),
                    ("state", p.Instance.State),
                    ("host", p.Instance.Host ?? "-"),
                    ("reason", p.Instance.Reason));
                terminal.WriteLine("");
                WriteHosts(terminal, p, p.Instance.Host, "it is here");
            });
        });
        return command.WithExamples("novacow explain web", "novacow explain web --json");
    }

    /// <summary>Each host's terms, in seconds.</summary>
    /// <param name="terminal">Where to.</param>
    /// <param name="placement">The terms.</param>
    /// <param name="marked">The host that gets the note.</param>
    /// <param name="note">What is noted there.</param>
    public static void WriteHosts(
        Terminal terminal, PlacementResource placement, string? marked, string note) =>
        terminal.WriteTable(
            [
                "HOST", "CACHE", ">READY IN", ">QUEUE", ">BASE", ">DISKS", ">START", ">CROWDING",
                ">TRAFFIC", ">LAUNCHES", "NOTE",
            ],
            placement.Hosts.Select(h => new[]
            {
                h.Host, h.Cache, Seconds(h.Ready.Seconds), Seconds(h.Ready.Queue),
                Seconds(h.Ready.Base), Seconds(h.Ready.Disks), Seconds(h.Ready.Start),
                Seconds(h.Ready.Crowding), Seconds(h.Ready.Traffic),
                h.Launches.ToString(CultureInfo.InvariantCulture),
                h.Host == marked
                    ? h.Because is null ? note : $"{note}; now: {h.Because}"
                    : h.Because,
            }));

    private static string Seconds(double seconds) =>
        string.Create(CultureInfo.InvariantCulture, $"{seconds:0.###} s");
}
