using System.CommandLine;
using System.Globalization;
using NovaCow.Client;

namespace NovaCow.Cli.Commands;

internal static partial class HostCommands
{
    public static Command Create(Terminal terminal) =>
        new("host", "Compute hosts")
        {
            List(terminal), Display(terminal), Cordon(terminal), Uncordon(terminal),
            Drain(terminal), Evacuate(terminal), Remove(terminal),
            JoinCommands.Token(terminal), JoinCommands.Join(terminal),
        };

    private static Command List(Terminal terminal)
    {
        var command = new Command("list", "Every host");
        command.SetAction(async (parsed, ct) =>
        {
            using var client = Terminal.Connect(parsed);
            var hosts = await client.ListHostsAsync(ct);
            terminal.Write(parsed, hosts.Items, items => terminal.WriteTable(
                ["NAME", "STATE", "DUTY", "DRIVER", "HYPERVISOR", ">INSTANCES", ">VCPUS", ">MEMORY",
                    ">FREE DISK", ">SHARED", ">UNIQUE", ">DOWNLOADS", ">CONVERSIONS", "LABELS"],
                items.Select(h => new[]
                {
                    h.Name, h.State, h.Duty, h.Driver, Kind(h.Hypervisor), h.Instances.ToString(),
                    $"{h.VCpus.Claimed}/{h.VCpus.Total}",
                    $"{Show.Bytes(h.MemoryBytes.Claimed)}/{Show.Bytes(h.MemoryBytes.Total)}",
                    Show.Bytes(h.FreeBytes), Show.Bytes(h.SharedBytes), Show.Bytes(h.UniqueBytes),
                    h.Downloads.ToString(), h.Conversions.ToString(), Labels(h),
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
                ("duty", h.Duty),
                ("labels", h.Labels.Count == 0 ? null : Labels(h)),
                ("shared store", h.SharedStore),
                ("drivers", $"{string.Join(", ", h.Drivers)} (the first by default)"),
                ("hypervisor", Kind(h.Hypervisor) is { } kind
                    ? kind + (h.Hypervisor!.Version is { } version ? $", {version}" : "") : null),
                ("warning", h.Hypervisor?.Warning),
                ("instances", h.Instances.ToString()),
                ("vcpus", Of(h.VCpus, v => v.ToString())),
                ("memory", Of(h.MemoryBytes, Show.Bytes)),
                ("disk", Of(h.DiskBytes, Show.Bytes) + " in the worst case"),
                ("free", Show.Bytes(h.FreeBytes)),
                ("shared", Show.Bytes(h.SharedBytes)),
                ("unique", Show.Bytes(h.UniqueBytes)),
                ("captured", $"{Show.Bytes(h.CaptureBytes)} in {h.Captures} images"),
                ("downloads", h.Downloads.ToString()),
                ("conversions", h.Conversions.ToString()),
                ("last seen", $"{h.LastSeenAt:u}")));
        });
        return command;
    }

    /// <summary>A hypervisor in a word or two; what is wrong with it shows.</summary>
    private static string? Kind(HypervisorResource? hypervisor) => hypervisor is null
        ? null
        : hypervisor.Name + (hypervisor.Accelerator is { } runs ? $" ({runs})" : "")
            + (hypervisor.Warning is null ? "" : " !");

    private static string Labels(HostResource host) =>
        string.Join(',', host.Labels.Select(l => $"{l.Key}={l.Value}"));

    private static string Of(CapacityResource c, Func<long, string> show) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{show(c.Claimed)} of {show((long)(c.Total * c.Overcommit))} claimed, "
                + $"{c.Overcommit} for each of {show(c.Total)}");
}
