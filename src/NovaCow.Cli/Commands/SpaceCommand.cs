using System.CommandLine;
using NovaCow.Client;

namespace NovaCow.Cli.Commands;

/// <summary>How the stores are used: a table, and a bar a host.</summary>
internal static class SpaceCommand
{
    private const int ShownInstances = 20;

    public static Command Create(Terminal terminal)
    {
        var host = new Option<string?>("--host")
        {
            Description = "One host by base and by instance, measured now",
        };
        var command = new Command("space", "How the hosts' stores are used") { host };
        command.SetAction(async (parsed, ct) =>
        {
            using var client = Terminal.Connect(parsed);
            if (parsed.GetValue(host) is { } name)
            {
                terminal.Write(
                    parsed, await client.GetHostSpaceAsync(name, ct), s => Write(terminal, s));
            }
            else
            {
                terminal.Write(
                    parsed, await client.GetSpaceAsync(ct), s => Write(terminal, s));
            }
        });
        return command.WithExamples("novacow space", "novacow space --host host-1 --json");
    }

    private static string Count(int hosts) => hosts == 1 ? "1 host" : $"{hosts} hosts";

    private static void Write(Terminal terminal, FleetSpaceResource space)
    {
        terminal.WriteTable(
            ["HOST", ">TOTAL", ">BASES", ">UNIQUE", ">RESERVED", ">FREE", ">FULL COPIES",
                ">WORST CASE", "MEASURED"],
            space.Hosts.Select(h => Row(h.Host, h.Usage))
                .Append(Row(Count(space.Hosts.Count), space.Usage)));
        foreach (var host in space.Hosts)
            WriteBar(terminal, host.Host, host.Usage);
    }

    private static void Write(Terminal terminal, HostSpaceResource space)
    {
        terminal.WriteTable(
            ["BASE", "HOLDS", ">CLONES", ">DISK", ">ON DISK", ">SHARED", ">UNIQUE"],
            space.Bases.Select(b => new[]
            {
                Show.Key(b.Key), b.Title, b.Clones.ToString(), Show.Bytes(b.VirtualSizeBytes),
                Show.Bytes(b.AllocatedBytes), Show.Bytes(b.SharedBytes), Show.Bytes(b.UniqueBytes),
            }));
        terminal.WriteTable(
            ["INSTANCE", ">DISKS", ">ON DISK", ">SHARED", ">UNIQUE"],
            space.Instances.Take(ShownInstances).Select(i => new[]
            {
                i.Id, Show.Bytes(i.VirtualSizeBytes), Show.Bytes(i.AllocatedBytes),
                Show.Bytes(i.SharedBytes), Show.Bytes(i.UniqueBytes),
            }));
        if (space.InstanceCount > ShownInstances)
        {
            terminal.WriteLine(
                $"and {space.InstanceCount - ShownInstances} more, each with less of its own");
        }

        WriteBar(terminal, space.Host, space.Usage);
    }

    private static void WriteBar(Terminal terminal, string host, SpaceUsage usage)
    {
        terminal.WriteLine($"{host}  [{SpaceBar.Of(usage)}]");

        // What other files take is not to be had.
        var room = usage.BaseBytes + usage.UniqueBytes + usage.FreeBytes;
        var fits = usage.WorstCaseBytes <= room ? "fits" : "does not fit";
        terminal.WriteLine(
            $"  # bases {Show.Bytes(usage.BaseBytes)}  = unique {Show.Bytes(usage.UniqueBytes)}  "
                + $"+ reserved {Show.Bytes(usage.ReservedBytes)}  ~ other files  "
                + $". free {Show.Bytes(usage.FreeBytes)}");
        terminal.WriteLine(
            $"  with every disk filled: {Show.Bytes(usage.WorstCaseBytes)}, and there is room for "
                + $"{Show.Bytes(room)}: {fits}");
    }

    private static string[] Row(string host, SpaceUsage u) =>
    [
        host, Show.Bytes(u.TotalBytes), Show.Bytes(u.BaseBytes), Show.Bytes(u.UniqueBytes),
        Show.Bytes(u.ReservedBytes), Show.Bytes(u.FreeBytes), Show.Bytes(u.FullCopyBytes),
        Show.Bytes(u.WorstCaseBytes), u.MeasuredAt is { } at ? $"{at:u}" : "when made",
    ];
}
