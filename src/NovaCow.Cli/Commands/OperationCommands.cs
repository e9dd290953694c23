using System.CommandLine;
using System.CommandLine.Invocation;
using System.Diagnostics;
using NovaCow.Client;

namespace NovaCow.Cli.Commands;

/// <summary>Operations on the machine and the disks of an instance: one request each, and with
/// --wait a bar while it is under way.</summary>
internal static partial class OperationCommands
{
    /// <summary>The commands under <c>instance</c>.</summary>
    public static IReadOnlyList<Command> Create(Terminal terminal) =>
    [
        Start(terminal), Stop(terminal), Reboot(terminal), Rebuild(terminal), Attach(terminal),
        Detach(terminal), Resize(terminal), Flatten(terminal), Rebase(terminal), Migrate(terminal),
        Move(terminal), Cancel(terminal),
    ];

    /// <summary>A command of its own: of an instance, or of a folder of old ones.</summary>
    public static Command MigrateAny(Terminal terminal)
    {
        var command = Migrate(terminal);
        var target = (Argument<string>)command.Arguments[0];
        target.HelpName = "DIR|ID";
        target.Description = "An instance, or a folder of old ones on a host: see novacow adopt";
        AdoptCommand.AddOptions(command);
        var one = (AsynchronousCommandLineAction)command.Action!;
        command.SetAction((parsed, ct) =>
            parsed.GetRequiredValue(target) is var name && name.Contains('/', StringComparison.Ordinal)
                ? AdoptCommand.RunAsync(terminal, parsed, name, ct)
                : one.InvokeAsync(parsed, ct));
        return command.WithExamples(
            "novacow migrate old-vm --driver qcow2 --wait",
            "novacow migrate /var/lib/nova/instances --image debian-12 --wait");
    }

    /// <summary>Asks for an operation on one instance.</summary>
    private delegate Task<InstanceResource> Operate(
        NovaCowClient client, string id, ParseResult parsed, TimeSpan? wait, CancellationToken ct);

    private static Command Migrate(Terminal terminal)
    {
        var driver = new Option<string?>("--driver")
        {
            Description = "The driver that has the disks then: qcow2 or reflink; else the first of "
                + "the host's that shares",
        };
        return Operation(
            terminal,
            "migrate",
            "Make disks that own their bytes copy-on-write",
            [driver],
            (client, id, parsed, wait, ct) => client.MigrateInstanceAsync(
                id, new MigrateRequest { Driver = parsed.GetValue(driver) }, wait, ct))
            .WithExamples("novacow migrate old-vm --driver qcow2 --wait");
    }

    private static Command Resize(Terminal terminal)
    {
        var root = new Option<string>("--root")
        {
            Description = "The root disk's new size, such as 40G; a disk never shrinks",
            HelpName = "SIZE",
            Required = true,
        };
        return Operation(
            terminal,
            "resize",
            "Let the root disk of an instance grow",
            [root],
            (client, id, parsed, wait, ct) => client.ResizeInstanceAsync(
                id,
                new ResizeRequest { RootBytes = Size(parsed.GetRequiredValue(root)) },
                wait,
                ct))
            .WithExamples("novacow instance resize web --root 40G --wait");
    }

    private static Command Flatten(Terminal terminal) => Operation(
        terminal,
        "flatten",
        "Let the disks of an instance own their bytes, so that they need no base",
        [],
        (client, id, _, wait, ct) => client.FlattenInstanceAsync(id, wait, ct))
        .WithExamples("novacow instance flatten web --wait");

    private static Command Rebase(Terminal terminal)
    {
        var image = new Option<string?>("--image")
        {
            Description = "The image to be a clone of; else the one it was a clone of last, as the "
                + "catalogue has it now",
        };
        return Operation(
            terminal,
            "rebase",
            "Make the root disk a clone of an image's base; what it holds stays",
            [image],
            (client, id, parsed, wait, ct) => client.RebaseInstanceAsync(
                id, new RebaseRequest { Image = parsed.GetValue(image) }, wait, ct))
            .WithExamples("novacow instance rebase web --image debian-12 --wait");
    }

    private static Command Cancel(Terminal terminal) => Operation(
        terminal,
        "cancel",
        "Give the operation under way up; the disks stay whole",
        [],
        (client, id, _, wait, ct) => client.CancelOperationAsync(id, wait, ct));

    private static Command Operation(
        Terminal terminal,
        string name,
        string description,
        IReadOnlyList<Option> options,
        Operate operate)
    {
        var id = new Argument<string>("ID");
        return Operation(new Command(name, description) { id }, options, async (waiter, ct) =>
        {
            var instance = await waiter.RunAsync(
                terminal,
                () => EndAsync(waiter, waiter.Parsed.GetRequiredValue(id), operate, ct),
                ct);
            terminal.Write(waiter.Parsed, instance, i => WriteOne(terminal, i));
            return Outcome(terminal, instance, name, waiter.IsWaiting);
        });
    }

    /// <summary>What every operation has: it can be waited for, and has options of its own.
    /// </summary>
    private static Command Operation(
        Command command,
        IReadOnlyList<Option> options,
        Func<Waiter, CancellationToken, Task<int>> act)
    {
        WaitOptions.AddTo(command, act);
        foreach (var option in options)
            command.Add(option);
        return command;
    }

    private static Task<InstanceResource> EndAsync(
        Waiter waiter, string id, Operate operate, CancellationToken ct)
    {
        var (parsed, client, patience) = waiter;
        return EndAsync(
            client, patience, () => operate(client, id, parsed, patience, ct), ct);
    }

    /// <summary>Asks for an operation, and waits for its end as long as there is patience.
    /// </summary>
    internal static async Task<InstanceResource> EndAsync(
        NovaCowClient client, TimeSpan? patience, Func<Task<InstanceResource>> operate,
        CancellationToken ct)
    {
        var begun = Stopwatch.GetTimestamp();
        return await InstanceWatch.WhileAsync(
            client,
            await operate(),
            i => i is { State: "active" or "committed", Operation: { EndedAt: null } }
                && patience > Stopwatch.GetElapsedTime(begun),
            ct);
    }

    /// <summary>What an instance's operation is, one fact a line.</summary>
    public static void WriteOne(Terminal terminal, InstanceResource instance)
    {
        if (instance.Operation is not { } o)
        {
            terminal.WriteLine($"{instance.Id}: no operation on it");
            return;
        }

        terminal.WriteFacts(
            ("id", instance.Id),
            ("operation", o.Detail),
            ("state", o.State),
            ("done", o is { DoneBytes: { } done, TotalBytes: { } total }
                ? $"{Show.Bytes(done)} of {Show.Bytes(total)}" : null),
            ("error", o.Error),
            ("took", o.EndedAt is { } ended
                ? Show.Duration((ended - o.StartedAt).TotalMilliseconds) : null),
            ("own bytes", o is { BytesBefore: { } before, BytesAfter: { } after }
                ? $"{Show.Bytes(before)} before, {Show.Bytes(after)} after" : null));
    }

    /// <summary>The exit code of an operation; a failure is told beside it.</summary>
    internal static int Outcome(
        Terminal terminal, InstanceResource instance, string name, bool waited)
    {
        if (name == "cancel")
            return ExitCode.Success;
        if (instance.Operation is { State: "failed" or "cancelled" } o)
        {
            terminal.Error.WriteLine($"novacow: {o.Error}");
            return ExitCode.Failed;
        }

        return waited && instance.Operation?.State != "done" ? ExitCode.TryAgain : ExitCode.Success;
    }

    private static long Size(string text, string option = "--root") =>
        ByteSize.TryParse(text, out var bytes) && bytes > 0
            ? bytes
            : throw new CliException(
                ExitCode.Usage, $"{option} '{text}': expected a size such as 40G");
}
