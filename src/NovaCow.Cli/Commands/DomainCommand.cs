using System.CommandLine;

namespace NovaCow.Cli.Commands;

/// <summary>Shows an instance's machine in the words of those who would start it otherwise.
/// </summary>
internal static class DomainCommand
{
    public static Command Create(Terminal terminal)
    {
        var id = new Argument<string>("ID");
        var qemu = new Option<bool>("--qemu")
        {
            Description = "As a qemu command, one argument a line",
        };
        var command = new Command(
            "domain", "The machine of an instance as libvirt's domain XML, to start it by hand")
        {
            id, qemu,
        };
        command.SetAction(async (parsed, ct) =>
        {
            using var client = Terminal.Connect(parsed);
            var instance = parsed.GetRequiredValue(id);
            if (parsed.GetValue(qemu))
            {
                terminal.Write(
                    parsed,
                    await client.GetQemuCommandAsync(instance, ct),
                    arguments => WriteLines(terminal, arguments));
            }
            else
            {
                terminal.Write(
                    parsed,
                    new { Domain = await client.GetDomainAsync(instance, ct) },
                    d => WriteLines(
                        terminal, d.Domain.ReplaceLineEndings("\n").TrimEnd().Split('\n')));
            }
        });
        return command.WithExamples(
            "novacow instance domain web > web.xml", "novacow instance domain web --qemu");
    }

    private static void WriteLines(Terminal terminal, IEnumerable<string> lines)
    {
        foreach (var line in lines.Select(l => l.Replace("\t", "  ", StringComparison.Ordinal)))
            terminal.WriteLine(Terminal.Printable(line));
    }
}
