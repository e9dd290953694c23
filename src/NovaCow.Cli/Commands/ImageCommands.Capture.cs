using System.CommandLine;
using NovaCow.Client;

namespace NovaCow.Cli.Commands;

internal static partial class ImageCommands
{
    private static Command Capture(Terminal terminal)
    {
        var instance = new Argument<string>("INSTANCE");
        var name = new Argument<string>("NAME") { Description = "The name to launch it by" };
        var command = new Command(
            "capture", "Make an image of the root disk of an instance, which may run")
        {
            instance, name,
        };
        WaitOptions.AddTo(command, async (waiter, ct) =>
        {
            var (parsed, client, patience) = waiter;
            var request = new CaptureImageRequest { Name = parsed.GetRequiredValue(name) };
            var captured = await waiter.RunAsync(
                terminal,
                () => OperationCommands.EndAsync(
                    client,
                    patience,
                    () => client.CaptureInstanceAsync(
                        parsed.GetRequiredValue(instance), request, patience, ct),
                    ct),
                ct);
            if (captured.Operation is { Kind: "capture", State: "done" })
            {
                var image = await client.GetImageAsync(request.Name, ct);
                terminal.Write(parsed, image, i => ShowFacts(terminal, i));
                return ExitCode.Success;
            }

            terminal.Write(parsed, captured, i => OperationCommands.WriteOne(terminal, i));
            return OperationCommands.Outcome(terminal, captured, "capture", waiter.IsWaiting);
        });
        return command.WithExamples("novacow image capture web web-golden --wait");
    }
}
