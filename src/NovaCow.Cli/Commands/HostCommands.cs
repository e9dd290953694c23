using System.CommandLine;
using NovaCow.Client;

namespace NovaCow.Cli.Commands;

internal static class HostCommands
{
    public static Command Create(Terminal terminal) =>
        new("host", "Compute hosts") { List(terminal), Display(terminal) };

    private static Command List(Terminal terminal)
    {
        var command = new Command("list", "Every host");
        command.SetAction(async (parsed, ct) =>
        {
            using var client = Terminal.Connect(parsed);
            var hosts = await client.ListHostsAsync(ct);
            terminal.Write(parsed, hosts.Items, items => terminal.WriteTable(
                ["NAME", "STATE", "DRIVER", ">INSTANCES", ">VCPUS", ">MEMORY", ">FREE DISK", ">SHARED",
                    ">UNIQUE", ">DOWNLOADS", ">CONVERSIONS"],
                items.Select(h => new[]
                {
                    h.Name, h.State, h.Driver, h.Instances.ToString(),
                    $"{h.VCpus.Claimed}/{h.VCpus.Total}",
                    $"{Show.Bytes(h.MemoryBytes.Claimed)}/{Show.Bytes(h.MemoryBytes.Total)}",
                    Show.Bytes(h.FreeBytes), Show.Bytes(h.SharedBytes), Show.Bytes(h.UniqueBytes),
                    h.Downloads.ToString(), h.Conversions.ToString(),
                })));
        });
        return command;
    }

    private static Command Display(Terminal terminal)
    {
        var name = new Argument<string>("NAME");
        var command = new Command("show", "One host") { name };
        command.SetAction(async (parsed, ct) =>
        {
            using var client = Terminal.Connect(parsed);
            var host = await client.GetHostAsync(parsed.GetRequiredValue(name), ct);
            terminal.Write(parsed, host, h => terminal.WriteFacts(
                ("name", h.Name),
                ("state", h.State),
                ("drivers", $"{string.Join(", ", h.Drivers)} (the first by default)"),
                ("instances", h.Instances.ToString()),
                ("vcpus", $"{h.VCpus.Claimed} of {h.VCpus.Total} claimed"),
                ("memory", Of(h.MemoryBytes)),
                ("disk", Of(h.DiskBytes) + " in the worst case"),
                ("free", Show.Bytes(h.FreeBytes)),
                ("shared", Show.Bytes(h.SharedBytes)),
                ("unique", Show.Bytes(h.UniqueBytes)),
                ("downloads", h.Downloads.ToString()),
                ("conversions", h.Conversions.ToString()),
                ("last seen", h.LastSeenAt.ToString("O"))));
        });
        return command;
    }

    private static string Of(CapacityResource c) =>
        $"{Show.Bytes(c.Claimed)} of {Show.Bytes(c.Total)} claimed";
}
