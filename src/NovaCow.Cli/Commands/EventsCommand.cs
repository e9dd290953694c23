using System.CommandLine;

namespace NovaCow.Cli.Commands;

internal static class EventsCommand
{
    public static Command Create(Terminal terminal)
    {
        var after = new Option<long?>("--after") { Description = "Go on from this event's id" };
        var command = new Command("events", "Follow what happens in the cluster") { after };
        command.SetAction(async (parsed, ct) =>
        {
            using var client = Terminal.Connect(parsed);
            var json = parsed.GetValue(Options.Json);
            await foreach (var e in client.FollowEventsAsync(parsed.GetValue(after), ct))
            {
                if (json)
                    terminal.WriteJsonLine(e);
                else
                {
                    terminal.WriteLine(
                        $"{e.At.ToLocalTime():HH:mm:ss.fff} {e.Kind,-20} {Terminal.Printable(e.Message)}");
                }
            }

            return ExitCode.Success;
        });
        return command.WithExamples("novacow events", "novacow events --after 1200 --json");
    }
}
