using System.CommandLine;
using NovaCow.Client;

namespace NovaCow.Cli.Commands;

/// <summary>What operators do when a host is dead and its storage is not.</summary>
internal static partial class HostCommands
{
    private static Command Evacuate(Terminal terminal)
    {
        var name = new Argument<string>("HOST");
        var fenced = new Option<bool>("--fenced")
        {
            Description = "You say that the host is powered off, or cut from the storage. If a "
                + "guest still ran there, two hosts would write to one disk",
        };
        var to = new Option<string?>("--to")
        {
            Description = "The host that gets them; else the scheduler chooses",
        };
        var timeout = new Option<int>("--timeout")
        {
            Description = "How long to go on, in seconds",
            DefaultValueFactory = _ => (int)DrainWait.TotalSeconds,
        };
        var command = new Command(
            "evacuate",
            "Let others take over the active instances of a dead host, whose store is on storage "
                + "that they share (novacow.host.shared-store); what was running is to run again")
        {
            name, fenced, to, timeout,
        };
        command.SetAction(async (parsed, ct) =>
        {
            using var client = Terminal.Connect(parsed);
            var host = parsed.GetRequiredValue(name);
            var request = new EvacuateHostRequest
            {
                Fenced = parsed.GetValue(fenced),
                To = parsed.GetValue(to),
            };
            var left = await HostEmptying.RunAsync(
                isFirst => client.EvacuateHostAsync(host, request with { Again = isFirst }, ct),
                TimeSpan.FromSeconds(parsed.GetValue(timeout)),
                ct);
            terminal.Write(parsed, left, l => HostEmptying.WriteLeft(terminal, host, l));
            return HostEmptying.Outcome(left);
        });
        return command.WithExamples(
            "novacow host evacuate burnt-host --fenced",
            "novacow host evacuate burnt-host --fenced --to host-2");
    }
}
