using System.CommandLine;
using NovaCow.Client;

namespace NovaCow.Cli.Commands;

internal static class LaunchCommand
{
    private static readonly TimeSpan DefaultWait = TimeSpan.FromMinutes(10);

    public static Command Create(Terminal terminal)
    {
        var image = new Argument<string>("IMAGE") { Description = "The image's name" };
        var flavor = new Option<string>("--flavor", "-f")
        {
            Description = "The flavor's name",
            DefaultValueFactory = _ => "m1.small",
        };
        var count = new Option<int>("--count", "-n")
        {
            Description = "How many instances",
            DefaultValueFactory = _ => 1,
        };
        var name = new Option<string?>("--name", "-p")
        {
            Description = "The instance's id, or the prefix of many (P-1, P-2…); else made up. "
                + "The same id again is the same launch",
        };
        var wait = new Option<bool>("--wait", "-w") { Description = "Wait until they are active" };
        var timeout = new Option<int>("--timeout")
        {
            Description = "How long to wait, in seconds",
            DefaultValueFactory = _ => (int)DefaultWait.TotalSeconds,
        };
        var dryRun = new Option<bool>("--dry-run")
        {
            Description = "Only say where it would go now, and why; nothing is launched",
        };
        var choices = new LaunchChoices();
        var command = new Command("launch", "Launch instances")
        {
            image, flavor, count, name, wait, timeout, dryRun,
        };
        choices.AddTo(command);
        var fleet = new FleetChoices();
        fleet.AddTo(command);
        var guest = new GuestChoices();
        guest.AddTo(command);
        command.SetAction(async (parsed, ct) =>
        {
            using var client = Terminal.Connect(parsed);
            var (driver, layout) = choices.Of(parsed);
            var request = fleet.Apply(parsed, new LaunchRequest
            {
                Image = parsed.GetRequiredValue(image),
                Flavor = parsed.GetRequiredValue(flavor),
                Ids = InstanceNames.Make(parsed.GetValue(name), parsed.GetValue(count)),
                Driver = driver,
                Layout = layout,
                Guest = await guest.ReadAsync(parsed, ct),
            });
            if (parsed.GetValue(dryRun))
                return await ForecastAsync(terminal, parsed, request, ct);
            TimeSpan? patience = parsed.GetValue(wait)
                ? TimeSpan.FromSeconds(parsed.GetValue(timeout)) : null;
            var launched = await new Waiter(parsed, client, patience).RunAsync(
                terminal,
                () => FullQueue.RetryAsync(
                    terminal, patience, left => client.LaunchAsync(request, left, ct), ct),
                ct);
            terminal.Write(
                parsed, launched.Instances, items => InstanceCommands.WriteTable(terminal, items));
            return Outcome(terminal, launched.Instances, patience is not null);
        });
        return command.WithExamples(
            "novacow launch debian-12 --flavor m1.small --name web --wait",
            "novacow launch debian-12 --flavor m1.tiny --count 60 --name ci --wait",
            "novacow launch debian-12 --flavor m1.tiny --dry-run",
            "novacow launch debian-12 --count 3 --name db --group db --on zone=a,disk=nvme",
            "novacow launch debian-12 --name web --ssh-key ~/.ssh/id_ed25519.pub "
                + "--user-data web.yaml",
            "novacow launch debian-fs --nouse_cow --layout ec2 --name old --wait");
    }

    private static async Task<int> ForecastAsync(
        Terminal terminal, ParseResult parsed, LaunchRequest request, CancellationToken ct)
    {
        using var client = Terminal.Connect(parsed);
        var placement = await client.ForecastAsync(request, ct);
        terminal.Write(parsed, placement, p =>
            ExplainCommand.WriteHosts(terminal, p, p.Host, "it goes here"));
        return placement.Host is null ? ExitCode.TryAgain : ExitCode.Success;
    }

    /// <summary>Tells why launches failed.</summary>
    /// <returns>The exit code that says so.</returns>
    public static int Failure(Terminal terminal, IReadOnlyList<InstanceResource> failed)
    {
        foreach (var group in failed.GroupBy(i => i.Reason))
            terminal.Error.WriteLine($"novacow: {group.Count()} failed: {group.Key}");
        return failed.All(f => f.ErrorCode == "UnsafeImage") ? ExitCode.Refused : ExitCode.Failed;
    }

    private static int Outcome(
        Terminal terminal, IReadOnlyList<InstanceResource> instances, bool waited)
    {
        var failed = instances.Where(i => i.State == "failed").ToList();
        if (failed.Count > 0)
            return Failure(terminal, failed);
        var deleted = instances.Where(i => i.State is "deleting" or "deleted").ToList();
        if (deleted.Count > 0)
        {
            terminal.Error.WriteLine(
                $"novacow: {deleted.Count} were deleted before ({deleted[0].Id}): an id is used "
                + "once; choose another --name");
            return ExitCode.Conflict;
        }

        return waited && instances.Any(i => i.State != "active")
            ? ExitCode.TryAgain : ExitCode.Success;
    }
}
