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

    public void AddTo(Command command)
    {
        command.Options.Add(_wait);
        command.Options.Add(_timeout);
    }

    /// <summary>How long; null: not.</summary>
    public TimeSpan? Of(ParseResult parsed) =>
        parsed.GetValue(_wait) ? TimeSpan.FromSeconds(parsed.GetValue(_timeout)) : null;
}
