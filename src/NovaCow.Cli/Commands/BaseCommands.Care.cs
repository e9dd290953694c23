using System.CommandLine;
using NovaCow.Client;

namespace NovaCow.Cli.Commands;

internal static partial class BaseCommands
{
    private static Command Scrub(Terminal terminal)
    {
        var key = new Argument<string?>("KEY")
        {
            Description = "The base, as 'base list' shows it with --json; else every base",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var host = new Option<string?>("--host") { Description = "Only on this host" };
        var command = new Command(
            "scrub", "Verify bases against their digests; damaged ones are made again")
        {
            key, host,
        };
        command.SetAction(async (parsed, ct) =>
        {
            using var client = Terminal.Connect(parsed);
            var only = parsed.GetValue(key);
            var ordered = new List<Ordered>();
            foreach (var name in await HostsAsync(client, parsed.GetValue(host), only, ct))
                ordered.Add(new Ordered(name, (await client.ScrubAsync(name, only, ct)).Bases));
            terminal.Write(parsed, ordered, all =>
            {
                foreach (var (name, bases) in all)
                    terminal.WriteLine($"{name}: {bases} bases will be verified");
                terminal.WriteLine("'novacow base list' shows how it goes");
            });
        });
        return command.WithExamples(
            "novacow base scrub", "novacow base scrub --host host-1 sha256-9f3c…");
    }

    private static Command Evict(Terminal terminal)
    {
        var host = new Argument<string>("HOST");
        var key = new Argument<string>("KEY");
        var command = new Command("evict", "Remove a base without clones from a host")
        {
            host, key,
        };
        command.SetAction(async (parsed, ct) =>
        {
            using var client = Terminal.Connect(parsed);
            var (from, what) = (parsed.GetRequiredValue(host), parsed.GetRequiredValue(key));
            await client.EvictBaseAsync(from, what, ct);
            terminal.Write(parsed, new Evicted(from, what), e => terminal.WriteLine(
                $"{Show.Key(e.Key)} is gone from {e.Host}"));
        });
        return command;
    }

    private static async Task<IReadOnlyList<string>> HostsAsync(
        NovaCowClient client, string? host, string? key, CancellationToken ct)
    {
        if (host is not null)
            return [host];
        if (key is null)
        {
            var hosts = await client.ListHostsAsync(ct);
            return [.. hosts.Items.Where(h => h.State == "up").Select(h => h.Name)];
        }

        var bases = await client.ListBasesAsync(ct);
        string[] having = [.. bases.Items.Where(b => b.Key == key).Select(b => b.Host)];
        return having.Length > 0
            ? having
            : throw new CliException(
                ExitCode.NotFound,
                $"base {key}: no host has it; 'novacow base list --json' shows the keys");
    }

    private static string? Health(BaseResource b) => b switch
    {
        { Scrub: { State: "running" } scrub } => $"verifying, {Show.Bytes(scrub.ReadBytes)} read",
        { Damage: { RebuiltAt: { } at } damage } =>
            $"was damaged, made again {at:u}; {damage.CloneCount} clones then",
        { Scrub: { State: "ok", VerifiedAt: { } at } } => $"verified {at:u}",
        { Scrub: { Problem: { } problem } } => problem,
        _ => null,
    };

    private sealed record Ordered(string Host, int Bases);

    private sealed record Evicted(string Host, string Key);
}
