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
            var parts = parsed.GetValue(follow)
                ? client.FollowConsoleAsync(instance, from, ct)
                : ReadAsync(client, instance, from, ct);
            await foreach (var part in parts)
                terminal.WriteConsole(part.Span, filter, parsed.GetValue(raw));
            return ExitCode.Success;
        });
        return command.WithExamples(
            "novacow instance console web", "novacow instance console web --follow",
            "novacow instance console web --bytes 1MiB --raw > web.log");
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
