using System.CommandLine;
using NovaCow.Client;

namespace NovaCow.Cli.Commands;

internal static class AdoptCommand
{
    public static Command Create(Terminal terminal)
    {
        var folder = new Argument<string>("DIR") { Description = "The folder, on the host" };
        var host = new Option<string?>("--host", "-H")
        {
            Description = "The host that has it; may be left out where there is one host",
        };
        var dryRun = new Option<bool>("--dry-run") { Description = "Only say what would be done" };
        var image = new Option<string?>("--image")
        {
            Description = "The image that the root disks came from; else each disk's own base",
        };
        var command = new Command(
            "adopt",
            "Adopt instances from a folder laid out as Nova's: copy-on-write disks with their "
                + "bytes; the folder stays as it is")
        {
            folder, host, dryRun, image,
        };
        command.SetAction(async (parsed, ct) =>
        {
            using var client = Terminal.Connect(parsed);
            var isDry = parsed.GetValue(dryRun);
            var name = parsed.GetValue(host) ?? await OnlyHostAsync(client, ct);
            var adopted = await client.AdoptAsync(
                name,
                new AdoptRequest
                {
                    Folder = parsed.GetRequiredValue(folder),
                    DryRun = isDry,
                    Image = parsed.GetValue(image),
                },
                ct);
            terminal.Write(parsed, adopted, a => Write(terminal, a, isDry));
            return isDry || adopted.Instances.All(i => i.Problem is null)
                ? ExitCode.Success : ExitCode.Failed;
        });
        return command.WithExamples(
            "novacow adopt /var/lib/nova/instances --host compute-1 --dry-run",
            "novacow adopt /var/lib/nova/instances --host compute-1");
    }

    private static async Task<string> OnlyHostAsync(NovaCowClient client, CancellationToken ct)
    {
        var hosts = (await client.ListHostsAsync(ct)).Items;
        return hosts.Count == 1
            ? hosts[0].Name
            : throw new CliException(
                ExitCode.Usage,
                $"there are {hosts.Count} hosts: say with --host which of them has the folder");
    }

    private static void Write(Terminal terminal, AdoptResponse adopted, bool isDry)
    {
        terminal.WriteTable(
            ["INSTANCE", ">DISKS", ">SIZE", ">ALLOCATED", "IMAGE", isDry ? "WOULD BE" : "STATE"],
            adopted.Instances.Select(i => new[]
            {
                i.Id,
                i.Disks.Count.ToString(),
                Show.Bytes(i.Disks.Sum(d => d.VirtualSizeBytes)),
                Show.Bytes(i.Disks.Sum(d => d.AllocatedBytes)),
                i.Image,
                i.Problem is { } problem ? $"left alone: {problem}" : i.State ?? "adopted",
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
