using System.CommandLine;
using NovaCow.Client;

namespace NovaCow.Cli.Commands;

internal static partial class ImageCommands
{
    private static Command Capture(Terminal terminal)
    {
        var instance = new Argument<string>("INSTANCE");
        var name = new Argument<string>("NAME") { Description = "The name to launch it by" };
        var waiting = new WaitOptions();
        var command = new Command(
            "capture", "Make an image of the root disk of an instance, which may run")
        {
            instance, name,
        };
        waiting.AddTo(command);
        command.SetAction(async (parsed, ct) =>
        {
            using var client = Terminal.Connect(parsed);
            var patience = waiting.Of(parsed);
            var request = new CaptureImageRequest { Name = parsed.GetRequiredValue(name) };
            var run = () => OperationCommands.EndAsync(
                client,
                patience,
                () => client.CaptureInstanceAsync(
                    parsed.GetRequiredValue(instance), request, patience, ct),
                ct);
            var captured = patience is null
                ? await run()
                : await ProgressView.WhileAsync(terminal, client, run, ct);
            if (captured.Operation is { Kind: "capture", State: "done" })
            {
                var image = await client.GetImageAsync(request.Name, ct);
                terminal.Write(parsed, image, i => ShowFacts(terminal, i));
                return ExitCode.Success;
            }

            terminal.Write(parsed, captured, i => OperationCommands.WriteOne(terminal, i));
            return OperationCommands.Outcome(terminal, captured, "capture", patience is not null);
        });
        return command.WithExamples("novacow image capture web web-golden --wait");
    }
}
