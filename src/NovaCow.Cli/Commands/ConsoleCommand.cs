using System.CommandLine;
using NovaCow.Client;

namespace NovaCow.Cli.Commands;

/// <summary>Shows what a guest writes on its serial console. A guest is not trusted with the
/// terminal.</summary>
internal static class ConsoleCommand
{
    private const string DefaultBytes = "64KiB";

    public static Command Create(Terminal terminal)
    {
        var id = new Argument<string>("ID");
        var follow = new Option<bool>("--follow", "-f")
        {
            Description = "Go on with what the guest writes, until the instance ends or Ctrl-C",
        };
        var raw = new Option<bool>("--raw")
        {
            Description = "Let the guest steer the terminal: colours, cursor and all else",
        };
        var bytes = new Option<string>("--bytes")
        {
            Description = "Begin so far before the console's end, such as 4KiB",
            HelpName = "SIZE",
            DefaultValueFactory = _ => DefaultBytes,
        };
        var command = new Command("console", "What the guest of an instance writes on its console")
        {
            id, follow, raw, bytes,
        };
        command.SetAction(async (parsed, ct) =>
        {
            using var client = Terminal.Connect(parsed);
            var (instance, from) = (parsed.GetRequiredValue(id), -Size(parsed.GetValue(bytes)!));
            var filter = new ConsoleFilter();
            async Task WriteAsync(IAsyncEnumerable<ReadOnlyMemory<byte>> parts)
            {
                await foreach (var part in parts)
                    terminal.WriteConsole(part.Span, filter, parsed.GetValue(raw));
            }

            if (parsed.GetValue(follow))
            {
                return await FollowAsync(
                    terminal, client, instance,
                    () => WriteAsync(client.FollowConsoleAsync(instance, from, ct)), ct);
            }

            await NamingFollowAsync(
                client, instance, () => WriteAsync(ReadAsync(client, instance, from, ct)), ct);
            return ExitCode.Success;
        });
        return command.WithExamples(
            "novacow instance console web", "novacow instance console web --follow",
            "novacow instance console web --bytes 1MiB --raw > web.log");
    }

    /// <summary>Waits until there is a console, and shows it until the instance ends. One that
    /// failed says why.</summary>
    private static async Task<int> FollowAsync(
        Terminal terminal, NovaCowClient client, string id, Func<Task> show, CancellationToken ct)
    {
        var instance = await client.GetInstanceAsync(id, ct);
        if (InstanceWatch.IsBeingMade(instance))
        {
            terminal.Error.WriteLine(
                $"novacow: instance {id} is {instance.State}; its console follows once it is made");
            instance = await InstanceWatch.WhileAsync(
                client, instance, InstanceWatch.IsBeingMade, ct);
        }

        if (instance.State != "failed")
        {
            await show();
            instance = await TryGetAsync(client, id, ct);
        }

        return instance is { State: "failed" }
            ? LaunchCommand.Failure(terminal, [instance])
            : ExitCode.Success;
    }

    private static async Task<InstanceResource?> TryGetAsync(
        NovaCowClient client, string id, CancellationToken ct)
    {
        try
        {
            return await client.GetInstanceAsync(id, ct);
        }
        catch (NovaCowException)
        {
            // It has ended, and what was to be shown was.
            return null;
        }
    }

    /// <summary>Reads; who came too early is told how to wait.</summary>
    private static async Task NamingFollowAsync(
        NovaCowClient client, string id, Func<Task> read, CancellationToken ct)
    {
        try
        {
            await read();
        }
        catch (NovaCowException e) when (e.Problem.Status == 409)
        {
            if (await TryGetAsync(client, id, ct) is not { } i || !InstanceWatch.IsBeingMade(i))
                throw;
            throw new CliException(
                ExitCode.Conflict, $"{e.Message}; --follow waits until it is made");
        }
    }

    /// <summary>From there to where the console ended at first.</summary>
    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(
        NovaCowClient client, string id, long from,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        ConsoleText part;
        var end = default(long?);
        do
        {
            part = await client.ReadConsoleAsync(id, from, ct);
            end ??= part.EndOffset;
            from = part.Offset + part.Bytes.Length;
            yield return part.Bytes;
        }
        while (part.Bytes.Length > 0 && from < end);
    }

    private static long Size(string text) => ByteSize.TryParse(text, out var bytes) && bytes > 0
        ? bytes
        : throw new CliException(
            ExitCode.Usage, $"--bytes '{text}': expected a size such as {DefaultBytes}");
}
