using System.CommandLine;
using NovaCow.Client;

namespace NovaCow.Cli.Commands;

internal static class FlavorCommands
{
    public static Command Create(Terminal terminal) =>
        new("flavor", "The size classes") { List(terminal), Display(terminal) };

    private static Command List(Terminal terminal)
    {
        var command = new Command("list", "Every flavor");
        command.SetAction(async (parsed, ct) =>
        {
            using var client = Terminal.Connect(parsed);
            var flavors = await client.ListFlavorsAsync(ct);
            terminal.Write(parsed, flavors.Items, items => terminal.WriteTable(
                ["NAME", ">VCPUS", ">MEMORY", ">ROOT", "EPHEMERAL", ">SWAP"],
                items.Select(Row)));
        });
        return command;
    }

    private static Command Display(Terminal terminal)
    {
        var name = new Argument<string>("NAME");
        var command = new Command("show", "One flavor") { name };
        command.SetAction(async (parsed, ct) =>
        {
            using var client = Terminal.Connect(parsed);
            var flavor = await client.GetFlavorAsync(parsed.GetRequiredValue(name), ct);
            terminal.Write(parsed, flavor, f => terminal.WriteFacts(
                ("name", f.Name),
                ("vcpus", f.VCpus.ToString()),
                ("memory", Show.Bytes(f.MemoryBytes)),
                ("root", Root(f)),
                ("ephemeral", Ephemeral(f)),
                ("swap", Swap(f))));
        });
        return command;
    }

    private static string?[] Row(FlavorResource f) =>
        [f.Name, f.VCpus.ToString(), Show.Bytes(f.MemoryBytes), Root(f), Ephemeral(f), Swap(f)];

    private static string Root(FlavorResource f) =>
        f.RootDiskBytes == 0 ? "image's" : Show.Bytes(f.RootDiskBytes);

    private static string Ephemeral(FlavorResource f) => f.EphemeralDisks.Count == 0
        ? "-"
        : string.Join(", ", f.EphemeralDisks.Select(
            d => $"{Show.Bytes(d.SizeBytes)} {d.FileSystem}"));

    private static string Swap(FlavorResource f) =>
        f.SwapBytes == 0 ? "-" : Show.Bytes(f.SwapBytes);
}
