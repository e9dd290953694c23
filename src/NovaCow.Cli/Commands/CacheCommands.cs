using System.CommandLine;
using NovaCow.Client;

namespace NovaCow.Cli.Commands;

/// <summary>Which hosts have which images before a launch asks, and which copies stay.</summary>
internal static class CacheCommands
{
    public static Command Precache(Terminal terminal)
    {
        var image = new Argument<string>("IMAGE");
        var copies = new Option<int>("--copies")
        {
            Description = "So many hosts are to have it; others take over when some go",
            HelpName = "N",
        };
        var hosts = HostsOption("These hosts are to have it");
        var off = new Option<bool>("--off")
        {
            Description = "Want no copies any more; they stay until their room is needed",
        };
        var command = new Command("precache", "Have an image ready on hosts before it is launched")
        {
            image, copies, hosts, off,
        };
        command.Validators.Add(result =>
        {
            var isWanted = result.GetValue(copies) > 0 || result.GetValue(hosts) is { Length: > 0 };
            if (isWanted == result.GetValue(off))
                result.AddError("expected --copies, --hosts or both; or --off alone");
        });
        command.SetAction(async (parsed, ct) =>
        {
            using var client = Terminal.Connect(parsed);
            var name = parsed.GetRequiredValue(image);
            if (parsed.GetValue(off))
                await client.EndPrecacheAsync(name, ct);
            else
            {
                await client.PrecacheAsync(
                    name,
                    new PrecacheRequest
                    {
                        Copies = parsed.GetValue(copies),
                        Hosts = Split(parsed.GetValue(hosts)),
                    },
                    ct);
            }

            await ShowAsync(terminal, parsed, client, name, ct);
        });
        return command.WithExamples(
            "novacow precache debian-12 --copies 3",
            "novacow precache debian-12 --hosts host-1,host-2",
            "novacow precache debian-12 --off");
    }

    public static Command Pin(Terminal terminal) => PinOrNot(
        terminal,
        "pin",
        "Keep an image's copies from eviction; makes none",
        (client, name, hosts, ct) =>
            client.PinAsync(name, new PinRequest { Hosts = hosts }, ct));

    public static Command Unpin(Terminal terminal) => PinOrNot(
        terminal,
        "unpin",
        "Let an image's copies be evicted again when their room is needed",
        (client, name, hosts, ct) => client.UnpinAsync(name, hosts, ct));

    public static Command List(Terminal terminal)
    {
        var image = new Argument<string?>("IMAGE")
        {
            Description = "Only this image, copy by copy",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var command = new Command("cache", "Which hosts have which images, and how much they take")
        {
            image,
        };
        command.SetAction(async (parsed, ct) =>
        {
            using var client = Terminal.Connect(parsed);
            if (parsed.GetValue(image) is { } name)
                await ShowAsync(terminal, parsed, client, name, ct);
            else
                terminal.Write(parsed, await client.GetCacheAsync(ct), c => ShowAll(terminal, c));
        });
        return command;
    }

    private static Command PinOrNot(
        Terminal terminal,
        string verb,
        string description,
        Func<NovaCowClient, string, IReadOnlyList<string>, CancellationToken, Task> act)
    {
        var image = new Argument<string>("IMAGE");
        var hosts = HostsOption("Only on these hosts; else on all");
        var command = new Command(verb, description) { image, hosts };
        command.SetAction(async (parsed, ct) =>
        {
            using var client = Terminal.Connect(parsed);
            var name = parsed.GetRequiredValue(image);
            await act(client, name, Split(parsed.GetValue(hosts)), ct);
            await ShowAsync(terminal, parsed, client, name, ct);
        });
        return command.WithExamples(
            $"novacow {verb} debian-12", $"novacow {verb} debian-12 --hosts host-1");
    }

    private static Option<string[]> HostsOption(string description) => new("--hosts")
    {
        Description = description,
        HelpName = "HOST,…",
        AllowMultipleArgumentsPerToken = true,
    };

    private static string[] Split(string[]? hosts) =>
    [
        .. (hosts ?? []).SelectMany(h => h.Split(
            ',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)),
    ];

    private static async Task ShowAsync(
        Terminal terminal, ParseResult parsed, NovaCowClient client, string name,
        CancellationToken ct)
    {
        var cache = await client.GetImageCacheAsync(name, ct);
        terminal.Write(parsed, cache, c =>
        {
            terminal.WriteFacts(
                ("image", c.Image),
                ("wanted", Wanted(c)),
                ("pinned", Pinned(c)),
                ("copies", Counts(c)),
                ("on disk", Show.Bytes(c.Bytes)),
                ("waiting", c.Shortfall));
            if (c.Copies.Count > 0)
            {
                terminal.WriteTable(
                    ["HOST", "COPY", "KEPT", ">ON DISK", "NOTE"],
                    c.Copies.Select(copy => new[]
                    {
                        copy.Host, copy.State, copy.Kept ? "yes" : "no", Show.Bytes(copy.Bytes),
                        copy.Problem,
                    }));
            }
        });
    }

    private static void ShowAll(Terminal terminal, CacheResource cache)
    {
        terminal.WriteTable(
            ["IMAGE", "WANTED", "PINNED", ">READY", ">MAKING", ">FAILED", ">ON DISK", "NOTE"],
            cache.Images.Select(i => new[]
            {
                i.Image, Wanted(i), Pinned(i), i.Ready.ToString(), i.Making.ToString(),
                i.Failed.ToString(), Show.Bytes(i.Bytes),
                i.Shortfall ?? i.Copies.FirstOrDefault(c => c.Problem is not null)?.Problem,
            }));
        terminal.WriteLine("");
        terminal.WriteTable(
            ["HOST", "STATE", ">BASES", ">ON DISK", ">KEPT", ">BUDGET"],
            cache.Hosts.Select(h => new[]
            {
                h.Host, h.State, h.Bases.ToString(), Show.Bytes(h.BaseBytes),
                Show.Bytes(h.ProtectedBytes),
                h.BudgetBytes is { } budget ? Show.Bytes(budget) : null,
            }));
    }

    private static string? Wanted(ImageCacheResource c)
    {
        List<string> wanted = [];
        if (c.WantedCopies > 0)
            wanted.Add($"{c.WantedCopies} copies");
        if (c.WantedHosts.Count > 0)
            wanted.Add($"on {string.Join(", ", c.WantedHosts)}");
        return wanted.Count == 0 ? null : string.Join(", ", wanted);
    }

    private static string? Pinned(ImageCacheResource c) => !c.Pinned ? null
        : c.PinnedHosts.Count == 0 ? "everywhere" : $"on {string.Join(", ", c.PinnedHosts)}";

    private static string Counts(ImageCacheResource c) =>
        $"{c.Ready} ready, {c.Making} being made, {c.Failed} failed";
}
