using System.CommandLine;
using NovaCow.Client;

namespace NovaCow.Cli.Commands;

/// <summary>Who gave a command, connected to the cluster, and waits for its end or does not.
/// </summary>
/// <param name="Parsed">The command line.</param>
/// <param name="Client">The connection; whoever made it ends it.</param>
/// <param name="Patience">How long to wait; null: not.</param>
internal sealed record Waiter(ParseResult Parsed, NovaCowClient Client, TimeSpan? Patience)
{
    /// <summary>Whether the end is waited for.</summary>
    public bool IsWaiting => Patience is not null;

    /// <summary>Makes a call, with bars where its end is waited for and a person watches.</summary>
    public Task<T> RunAsync<T>(Terminal terminal, Func<Task<T>> call, CancellationToken ct) =>
        IsWaiting ? ProgressView.WhileAsync(terminal, Client, call, ct) : call();
}
