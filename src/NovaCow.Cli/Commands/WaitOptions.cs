using System.CommandLine;

namespace NovaCow.Cli.Commands;

/// <summary>Whether a command waits for the end of what it asks for, and how long.</summary>
internal sealed class WaitOptions
{
    private static readonly TimeSpan DefaultWait = TimeSpan.FromHours(1);

    private readonly Option<bool> _wait = new("--wait", "-w")
    {
        Description = "Wait until it has ended",
    };

    private readonly Option<int> _timeout = new("--timeout")
    {
        Description = "How long to wait, in seconds",
        DefaultValueFactory = _ => (int)DefaultWait.TotalSeconds,
    };

    /// <summary>Gives a command these options, and what it does.</summary>
    public static void AddTo(Command command, Func<Waiter, CancellationToken, Task<int>> act)
    {
        var options = new WaitOptions();
        command.Options.Add(options._wait);
        command.Options.Add(options._timeout);
        command.SetAction(async (parsed, ct) =>
        {
            using var client = Terminal.Connect(parsed);
            return await act(new Waiter(parsed, client, options.Of(parsed)), ct);
        });
    }

    private TimeSpan? Of(ParseResult parsed) =>
        parsed.GetValue(_wait) ? TimeSpan.FromSeconds(parsed.GetValue(_timeout)) : null;
}
