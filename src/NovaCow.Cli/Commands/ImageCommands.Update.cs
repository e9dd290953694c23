using System.CommandLine;
using System.Diagnostics;
using NovaCow.Client;

namespace NovaCow.Cli.Commands;

internal static partial class ImageCommands
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(500);
    private const int DefaultPatienceSeconds = 600;

    private static Command Update(Terminal terminal)
    {
        var name = new Argument<string>("NAME");
        var source = new Option<string?>("--source")
        {
            Description = "The next version: a path on the nodes, or a file:, http: or https: URL",
        };
        var digest = new Option<string?>("--digest")
        {
            Description = "What its bytes must be: sha256:… or sha512:…; else computed now",
        };
        var format = FormatOption("The format it must be in; else detected now");
        var warm = new Option<int?>("--min-warm", "--copies")
        {
            Description = "Launches take it once so many hosts have it; else as many as have the "
                + "current version",
            HelpName = "N",
        };
        var rollback = new Option<bool>("--rollback")
        {
            Description = "Go back to the previous version, at once",
        };
        var abort = new Option<bool>("--abort")
        {
            Description = "Give the update under way up; launches stay with the current version",
        };
        var wait = new Option<bool>("--wait", "-w")
        {
            Description = "Wait until launches take the new version",
        };
        var timeout = new Option<int>("--timeout")
        {
            Description = "How long to wait, in seconds",
            DefaultValueFactory = _ => DefaultPatienceSeconds,
        };
        var command = new Command(
            "update", "Give an image a new version, which launches take once hosts have it")
        {
            name, source, digest, format, warm, rollback, abort, wait, timeout,
        };
        command.Validators.Add(result =>
        {
            bool[] asked = [result.GetValue(source) is not null, result.GetValue(rollback),
                result.GetValue(abort)];
            if (asked.Count(a => a) != 1)
                result.AddError("expected one of --source, --rollback and --abort");
        });
        command.SetAction((parsed, ct) => RunAsync(
            terminal,
            parsed,
            client => parsed.GetValue(rollback)
                ? client.RollBackImageAsync(parsed.GetRequiredValue(name), ct)
                : parsed.GetValue(abort)
                    ? client.AbortImageUpdateAsync(parsed.GetRequiredValue(name), ct)
                    : client.UpdateImageAsync(
                        parsed.GetRequiredValue(name),
                        new UpdateImageRequest
                        {
                            Source = Absolute(parsed.GetRequiredValue(source)!),
                            Digest = parsed.GetValue(digest),
                            Format = parsed.GetValue(format),
                            MinWarm = parsed.GetValue(warm),
                        },
                        ct),
            parsed.GetValue(wait) && parsed.GetValue(source) is not null
                ? TimeSpan.FromSeconds(parsed.GetValue(timeout)) : null,
            ct));
        return command.WithExamples(
            "novacow image update debian-12 --source ./debian-12.1.qcow2 --wait",
            "novacow image update debian-12 --source https://images.example/new.qcow2 --min-warm 3",
            "novacow image update debian-12 --rollback");
    }

    private static async Task<int> RunAsync(
        Terminal terminal,
        ParseResult parsed,
        Func<NovaCowClient, Task<ImageResource>> ask,
        TimeSpan? patience,
        CancellationToken ct)
    {
        using var client = Terminal.Connect(parsed);
        var begun = Stopwatch.GetTimestamp();
        var image = await ProgressView.WhileAsync(terminal, client, () => ask(client), ct);
        while (IsRunning(image) && patience > Stopwatch.GetElapsedTime(begun))
        {
            await Task.Delay(LookEvery, ct);
            image = await client.GetImageAsync(image.Name, ct);
        }

        terminal.Write(parsed, image, i => ShowFacts(terminal, i));
        return patience is null ? ExitCode.Success : Outcome(terminal, image);
    }

    private static bool IsRunning(ImageResource image) =>
        image.Versions?.Update?.State == "running";

    private static int Outcome(Terminal terminal, ImageResource image)
    {
        if (image.Versions?.Update is { State: "failed" or "aborted" } update)
        {
            terminal.Error.WriteLine(
                $"novacow: image {image.Name} stays with version {image.Versions.Current}: "
                    + update.Reason);
            return ExitCode.Failed;
        }

        return IsRunning(image) ? ExitCode.TryAgain : ExitCode.Success;
    }

    private static string? Version(ImageVersionResource? version) => version is null
        ? null
        : $"{version.Number}: {Show.Key(version.Digest)} from {version.Source}";

    private static string? UpdateText(ImageUpdateResource? update) => update switch
    {
        null => null,
        { State: "running" } => $"to {Version(update.Version)}: {update.Warm} of {update.MinWarm} "
            + $"hosts have it, {update.Making} make it"
            + (update.Reason is { } why ? $"; {why}" : ""),
        _ => $"to version {update.Version.Number}: {update.State}"
            + (update.Reason is { } why ? $": {why}" : ""),
    };
}
