using System.CommandLine;
using NovaCow.Client;

namespace NovaCow.Cli.Commands;

internal static class InstanceCommands
{
    private const int PageSize = 1000;
    private static readonly TimeSpan DeleteWait = TimeSpan.FromMinutes(2);

    public static Command Create(Terminal terminal)
    {
        var command = new Command("instance", "Instances and their disks")
        {
            List(terminal), Display(terminal), Delete(terminal), ConsoleCommand.Create(terminal),
            DomainCommand.Create(terminal),
        };
        foreach (var operation in OperationCommands.Create(terminal))
            command.Add(operation);
        return command;
    }

    public static void WriteTable(Terminal terminal, IReadOnlyList<InstanceResource> instances) =>
        terminal.WriteTable(
            ["ID", "IMAGE", "FLAVOR", "STATE", "POWER", "HOST", "CACHE", ">DISKS", ">ON DISK",
                ">LAUNCH", "REASON"],
            instances.Select(i => new[]
            {
                i.Id, i.Image, i.Flavor, i.State, i.Power?.State, i.Host,
                i.Warm switch { true => "warm", false => "cold", _ => null },
                i.Disks.Count.ToString(),
                Show.Bytes(i.Disks.Sum(d => d.AllocatedBytes)),
                i.Timings.LaunchMilliseconds is { } ms ? Show.Duration(ms) : null,
                i.Reason,
            }));

    private static Command List(Terminal terminal)
    {
        var command = new Command("list", "Every instance");
        command.SetAction(async (parsed, ct) =>
        {
            using var client = Terminal.Connect(parsed);
            List<InstanceResource> all = [];
            string? after = null;
            do
            {
                var page = await client.ListInstancesAsync(after, PageSize, ct);
                all.AddRange(page.Items);
                after = page.Next;
            }
            while (after is not null);
            terminal.Write(parsed, all, items => WriteTable(terminal, items));
        });
        return command;
    }

    private static Command Display(Terminal terminal)
    {
        var id = new Argument<string>("ID");
        var command = new Command("show", "One instance with its disks and timings") { id };
        command.SetAction(async (parsed, ct) =>
        {
            using var client = Terminal.Connect(parsed);
            var instance = await client.GetInstanceAsync(parsed.GetRequiredValue(id), ct);
            terminal.Write(parsed, instance, i => ShowOne(terminal, i));
        });
        return command;
    }

    private static void ShowOne(Terminal terminal, InstanceResource i)
    {
        terminal.WriteFacts(
            ("id", i.Id),
            ("state", i.State),
            ("power", i.Power is { } power
                ? $"{power.State} ({power.Cause}) since {power.Since:u}" : null),
            ("host", i.Host ?? "-"),
            ("reason", i.Reason),
            ("queue place", i.QueuePlace?.ToString()),
            ("on", i.On),
            ("group", i.Group is null ? null : i.Group + (i.Soft ? " (soft)" : "")),
            ("project", i.Project is "default" ? null : i.Project),
            ("priority", i.Priority == 0 ? null : i.Priority.ToString()),
            ("image", i.Image),
            ("flavor", i.Flavor),
            ("driver", i.Driver),
            ("layout", i.Layout is "ec2" ? i.Layout : null),
            ("progress", i.Progress is { } p ? Progress(p) : null),
            ("kernel", i.Boot?.Kernel.Path ?? i.Boot?.Kernel.Image),
            ("ramdisk", i.Boot?.Ramdisk?.Path ?? i.Boot?.Ramdisk?.Image),
            ("kernel args", i.Boot?.Arguments),
            ("attempt", i.Attempt.ToString()),
            ("accepted", $"{i.Timings.AcceptedAt:u}"),
            ("launch took", i.Timings.LaunchMilliseconds is { } ms ? Show.Duration(ms) : null),
            ("operation", i.Operation is { } o
                ? $"{o.Detail}: {o.State}" + (o.Error is null ? "" : $": {o.Error}") : null));
        if (i.Disks.Count == 0)
            return;
        terminal.WriteLine("");
        terminal.WriteTable(
            ["DEVICE", "DISK", "DRIVER", "FORMAT", ">SIZE", ">ON DISK", "CLONE OF", "PATH"],
            i.Disks.SelectMany(Rows));
    }

    /// <summary>A disk, and below it what it is partitioned into.</summary>
    private static IEnumerable<string?[]> Rows(DiskResource d) =>
    [
        [
            d.Attached ? d.Device : "detached", d.Partitions is null ? d.Name : null, d.Driver,
            d.Format,
            Show.Bytes(d.VirtualSizeBytes), Show.Bytes(d.AllocatedBytes),
            d.BackingFile is { } b ? Show.Key(b) : null, d.Path,
        ],
        .. (d.Partitions ?? []).Select(p => new[]
        {
            p.Device, p.Name, null, null, Show.Bytes(p.SizeBytes), null, null, null,
        }),
    ];

    private static string Progress(ProgressResource p) => p.TotalBytes is > 0
        ? $"{p.What}: {p.DoneBytes * 100 / p.TotalBytes} % of {Show.Bytes(p.TotalBytes.Value)}"
        : $"{p.What}: {Show.Bytes(p.DoneBytes)}";

    private static Command Delete(Terminal terminal)
    {
        var ids = new Argument<string[]>("ID") { Arity = ArgumentArity.OneOrMore };
        var command = new Command("delete", "Delete instances and their disks") { ids };
        command.SetAction(async (parsed, ct) =>
        {
            using var client = Terminal.Connect(parsed);
            await Task.WhenAll(parsed.GetRequiredValue(ids).Select(
                id => client.DeleteInstanceAsync(id, DeleteWait, ct)));
        });
        return command.WithExamples(
            "novacow instance delete web", "novacow instance delete ci-1 ci-2");
    }
}
