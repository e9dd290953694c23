using System.Diagnostics;
using NovaCow.Client;

namespace NovaCow.Cli.Commands;

/// <summary>Moves a host's instances to others, by asking for it again until nothing is on its way.
/// Ended in the middle, it leaves what is on its way to go on, and begins nothing more.</summary>
internal static class HostEmptying
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    /// <summary>Moves what can be moved.</summary>
    /// <returns>What was left when nothing moved any more, or the time was over.</returns>
    public static Task<HostMovesResource> RunAsync(
        NovaCowClient client, string host, TimeSpan patience, CancellationToken ct) =>
        RunAsync(_ => client.EmptyHostAsync(host, ct), patience, ct);

    /// <summary>Asks until nothing moves any more.</summary>
    /// <param name="ask">Asks once; told whether it is the first time.</param>
    /// <param name="patience">How long to go on asking.</param>
    /// <param name="ct">Gives up.</param>
    public static async Task<HostMovesResource> RunAsync(
        Func<bool, Task<HostMovesResource>> ask, TimeSpan patience, CancellationToken ct)
    {
        var begun = Stopwatch.GetTimestamp();
        for (var isFirst = true; ; isFirst = false)
        {
            var left = await ask(isFirst);
            if (left.Moving + left.Waiting == 0 || Stopwatch.GetElapsedTime(begun) > patience)
                return left;
            await Task.Delay(LookEvery, ct);
        }
    }

    /// <summary>What is left, and why.</summary>
    public static void WriteLeft(Terminal terminal, string host, HostMovesResource left)
    {
        if (left.Moving + left.Waiting > 0)
            terminal.WriteLine($"{host}: {left.Moving + left.Waiting} instances are on their way");
        terminal.WriteLine(left.Staying.Count == 0
            ? $"{host}: no instance stays"
            : $"{host}: {left.Staying.Count} instances stay");
        foreach (var staying in left.Staying)
            terminal.WriteLine($"  {Terminal.Printable(staying.Id)}: {staying.Reason}");
    }

    /// <summary>Success only when the host keeps nothing.</summary>
    public static int Outcome(HostMovesResource left) =>
        left.Moving + left.Waiting > 0 ? ExitCode.TryAgain
        : left.Staying.Count > 0 ? ExitCode.Failed
        : ExitCode.Success;
}
