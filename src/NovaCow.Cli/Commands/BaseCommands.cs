using System.CommandLine;
using NovaCow.Client;

namespace NovaCow.Cli.Commands;

internal static partial class BaseCommands
{
    public static Command Create(Terminal terminal)
    {
        var list = new Command("list", "Every base volume on every host");
        list.SetAction(async (parsed, ct) =>
        {
            using var client = Terminal.Connect(parsed);
            var bases = await client.ListBasesAsync(ct);
            terminal.Write(parsed, bases.Items, items => terminal.WriteTable(
                ["HOST", "BASE", "HOLDS", "STATE", ">CLONES", ">DISK", ">ON DISK", "NOTE"],
                items.Select(b => new[]
                {
                    b.Host, Show.Key(b.Key), b.Title, b.State, b.Clones.ToString(),
                    Show.Bytes(b.VirtualSizeBytes), Show.Bytes(b.AllocatedBytes),
                    b.Error ?? Progress(b) ?? Health(b),
                })));
        });
        return new Command("base", "Base volumes") { list, Scrub(terminal), Evict(terminal) };
    }

    private static string? Progress(BaseResource b) => b.Step is null
        ? null
        : b.TotalBytes is > 0
            ? $"{b.Step} {b.DoneBytes * 100 / b.TotalBytes} %"
            : $"{b.Step} {Show.Bytes(b.DoneBytes)}";
}
