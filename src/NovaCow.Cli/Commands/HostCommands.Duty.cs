using System.CommandLine;
using System.Diagnostics;
using NovaCow.Client;

namespace NovaCow.Cli.Commands;

/// <summary>What operators do with hosts.</summary>
internal static partial class HostCommands
{
    private const int NamedInstances = 5;
    private static readonly TimeSpan DrainWait = TimeSpan.FromHours(1);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(500);

    private static Command Cordon(Terminal terminal) => Duty(
        terminal, "cordon", "Give a host no new launches; what it has stays",
        (client, host, ct) => client.CordonHostAsync(host, ct));

    private static Command Uncordon(Terminal terminal) => Duty(
        terminal, "uncordon", "Give a host launches again, after cordon or drain",
        (client, host, ct) => client.UncordonHostAsync(host, ct));

    private static Command Duty(
        Terminal terminal, string verb, string description,
        Func<NovaCowClient, string, CancellationToken, Task<HostResource>> set)
    {
        var name = new Argument<string>("HOST");
        var command = new Command(verb, description) { name };
        command.SetAction(async (parsed, ct) =>
        {
            using var client = Terminal.Connect(parsed);
            var host = await set(client, parsed.GetRequiredValue(name), ct);
            terminal.Write(parsed, host, h => terminal.WriteLine(
                $"{h.Name}: {h.Duty}, {h.Instances} instances"));
        });
        return command;
    }

    private static Command Drain(Terminal terminal)
    {
        var name = new Argument<string>("HOST");
        var wait = new Option<bool>("--wait", "-w")
        {
            Description = "Wait until the host holds nothing, and say what is left",
        };
        var move = new Option<bool>("--move")
        {
            Description = "Move its finished instances to other hosts, a few at a time, and say "
                + "what stays and why",
        };
        var timeout = new Option<int>("--timeout")
        {
            Description = "How long to wait or to move, in seconds",
            DefaultValueFactory = _ => (int)DrainWait.TotalSeconds,
        };
        var command = new Command(
            "drain",
            "Give a host no new launches, and those it has not finished to others; finished "
                + "instances stay until they are deleted, or are moved")
        {
            name, move, wait, timeout,
        };
        command.SetAction(async (parsed, ct) =>
        {
            using var client = Terminal.Connect(parsed);
            var host = await client.DrainHostAsync(
                parsed.GetRequiredValue(name), ct);
            var patience = TimeSpan.FromSeconds(parsed.GetValue(timeout));
            if (parsed.GetValue(move))
            {
                var left = await HostEmptying.RunAsync(client, host.Name, patience, ct);
                terminal.Write(
                    parsed, left, l => HostEmptying.WriteLeft(terminal, host.Name, l));
                return HostEmptying.Outcome(left);
            }

            if (parsed.GetValue(wait))
            {
                host = await UntilEmptyAsync(terminal, client, host, patience, ct);
            }

            terminal.Write(parsed, host, h => terminal.WriteLine(
                $"{h.Name}: {h.Duty}, {h.Instances} instances left"));
            return parsed.GetValue(wait) && host.Instances > 0
                ? ExitCode.TryAgain : ExitCode.Success;
        });
        return command.WithExamples(
            "novacow host drain host-1 --wait --timeout 600", "novacow host drain host-1 --move");
    }

    private static async Task<HostResource> UntilEmptyAsync(
        Terminal terminal, NovaCowClient client, HostResource host, TimeSpan patience,
        CancellationToken ct)
    {
        var begun = Stopwatch.GetTimestamp();
        var said = 0;
        while (host.Instances > 0 && Stopwatch.GetElapsedTime(begun) < patience)
        {
            if (host.Instances != said)
            {
                said = host.Instances;
                var page = await client.ListInstancesOnAsync(host.Name, NamedInstances, ct);
                terminal.Error.WriteLine(
                    $"{host.Name}: {said} instances left: "
                        + string.Join(", ", page.Items.Select(i => $"{i.Id} ({i.State})"))
                        + (page.Next is null ? "" : ", …"));
            }

            await Task.Delay(LookEvery, ct);
            host = await client.GetHostAsync(host.Name, ct);
        }

        return host;
    }

    private static Command Remove(Terminal terminal)
    {
        var name = new Argument<string>("HOST");
        var force = new Option<bool>("--force")
        {
            Description = "It never comes back: its instances are recorded as failed, and those "
                + "being deleted as deleted",
        };
        var command = new Command("remove", "Take a host that has stopped out of the cluster")
        {
            name, force,
        };
        command.SetAction(async (parsed, ct) =>
        {
            using var client = Terminal.Connect(parsed);
            var host = parsed.GetRequiredValue(name);
            await client.RemoveHostAsync(host, parsed.GetValue(force), ct);
            terminal.Write(
                parsed, new { name = host }, _ => terminal.WriteLine($"{host}: removed"));
        });
        return command.WithExamples(
            "novacow host remove host-1", "novacow host remove burnt-host --force");
    }
}
