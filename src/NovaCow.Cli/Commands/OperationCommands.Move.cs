using System.CommandLine;
using NovaCow.Client;

namespace NovaCow.Cli.Commands;

internal static partial class OperationCommands
{
    private static Command Move(Terminal terminal)
    {
        var to = new Option<string?>("--to")
        {
            Description = "The host to go to; else the one where it is predicted to be first",
            HelpName = "HOST",
        };
        return Operation(
            terminal,
            "move",
            "Move an instance to another host; its disks, which nothing may have open, stay "
                + "copy-on-write",
            [to],
            async (client, id, parsed, wait, ct) =>
            {
                // Without a host to go to, a request that comes twice would move it twice.
                var (target, from) = (parsed.GetValue(to), default(string));
                if (target is null)
                    from = (await client.GetInstanceAsync(id, ct)).Host;
                var request = new MoveInstanceRequest { To = target, From = from };
                return await client.MoveInstanceAsync(id, request, wait, ct);
            })
            .WithExamples(
                "novacow instance move web --wait", "novacow instance move web --to host-2");
    }
}
