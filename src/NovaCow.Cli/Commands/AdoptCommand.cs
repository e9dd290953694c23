using System.CommandLine;
using NovaCow.Client;

namespace NovaCow.Cli.Commands;

/// <summary>Takes over the instances in a folder of another system.</summary>
internal static class AdoptCommand
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private static readonly Option<string?> Host = new("--host", "-H")
    {
        Description = "The host that has the folder; may be left out where there is one host",
    };

    private static readonly Option<bool> DryRun = new("--dry-run")
    {
        Description = "Only say what is in the folder and what would be done",
    };

    private static readonly Option<string?> Image = new("--image")
    {
        Description = "The image that the root disks came from; else each disk's own base",
    };

    private static readonly Option<bool> Wait = new("--wait", "-w")
    {
        Description = "Wait until they are there, and say what they take",
    };

    public static Command Create(Terminal terminal)
    {
        var folder = new Argument<string>("DIR") { Description = "The folder, on the host" };
        var command = new Command(
            "adopt",
            "Adopt instances from a folder laid out as Nova's: copy-on-write disks with their "
                + "bytes; the folder stays as it is")
        {
            folder, Host, DryRun, Image, Wait,
        };
        command.SetAction((parsed, ct) =>
            RunAsync(terminal, parsed, parsed.GetRequiredValue(folder), ct));
        return command.WithExamples(
            "novacow adopt /var/lib/nova/instances --host compute-1 --dry-run",
            "novacow adopt /var/lib/nova/instances --host compute-1 --wait");
    }

    /// <summary>Lets <c>migrate</c> take a folder, too.</summary>
    public static void AddOptions(Command command)
    {
        command.Add(Host);
        command.Add(DryRun);
        command.Add(Image);
    }

    public static async Task<int> RunAsync(
        Terminal terminal, ParseResult parsed, string folder, CancellationToken ct)
    {
        using var client = Terminal.Connect(parsed);
        var isDry = parsed.GetValue(DryRun);
        var adopted = await client.AdoptAsync(
            parsed.GetValue(Host) ?? await OnlyHostAsync(client, ct),
            new AdoptRequest
            {
                Folder = folder,
                DryRun = isDry,
                Image = parsed.GetValue(Image),
            },
            ct);
        var instances = isDry || !IsWaiting(parsed) ? [] : await UntilSettledAsync(client, adopted, ct);
        terminal.Write(parsed, adopted, a => Write(terminal, a, instances, isDry));
        foreach (var failed in instances.Values.Where(i => i.State == "failed"))
            terminal.Error.WriteLine($"novacow: {failed.Id}: {failed.Reason}");
        return isDry || (adopted.Instances.All(i => i.Problem is null)
            && instances.Values.All(i => i.State == "active"))
            ? ExitCode.Success : ExitCode.Failed;
    }

    // Each command has its own option of that name.
    private static bool IsWaiting(ParseResult parsed) =>
        parsed.GetResult("--wait") is System.CommandLine.Parsing.OptionResult { Implicit: false };

    private static async Task<string> OnlyHostAsync(NovaCowClient client, CancellationToken ct)
    {
        var hosts = (await client.ListHostsAsync(ct)).Items;
        return hosts.Count == 1
            ? hosts[0].Name
            : throw new CliException(
                ExitCode.Usage,
                $"there are {hosts.Count} hosts: say with --host which of them has the folder");
    }

    private static async Task<Dictionary<string, InstanceResource>> UntilSettledAsync(
        NovaCowClient client, AdoptResponse adopted, CancellationToken ct)
    {
        Dictionary<string, InstanceResource> settled = [];
        foreach (var id in adopted.Instances.Where(i => i.State is not null).Select(i => i.Id))
        {
            while (true)
            {
                var instance = await client.GetInstanceAsync(id, ct);
                settled[id] = instance;
                if (instance.State is "active" or "failed" or "deleting" or "deleted")
                    break;
                await Task.Delay(LookEvery, ct);
            }
        }

        return settled;
    }

    private static void Write(
        Terminal terminal,
        AdoptResponse adopted,
        Dictionary<string, InstanceResource> instances,
        bool isDry)
    {
        terminal.WriteTable(
            ["INSTANCE", ">DISKS", ">SIZE", ">BEFORE", ">AFTER", "IMAGE",
                isDry ? "WOULD BE" : "STATE"],
            adopted.Instances.Select(i => new[]
            {
                i.Id,
                i.Disks.Count.ToString(),
                Show.Bytes(i.Disks.Sum(d => d.VirtualSizeBytes)),
                Show.Bytes(i.Disks.Sum(d => d.AllocatedBytes)),
                instances.TryGetValue(i.Id, out var made)
                    ? Show.Bytes(made.Disks.Sum(d => d.AllocatedBytes)) : null,
                i.Image,
                i.Problem is { } problem ? $"left alone: {problem}"
                    : made?.State ?? i.State ?? "adopted",
            }));
        terminal.WriteLine("");
        terminal.WriteTable(
            ["BASE", ">DISKS", ">SIZE", ">ALLOCATED", "IMAGE"],
            adopted.Bases.Select(b => new[]
            {
                b.Path, b.Disks.ToString(), Show.Bytes(b.SizeBytes), Show.Bytes(b.AllocatedBytes),
                b.Image,
            }));
    }
}
