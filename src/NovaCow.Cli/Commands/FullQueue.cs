using System.Diagnostics;
using NovaCow.Client;

namespace NovaCow.Cli.Commands;

/// <summary>Asks again when the queue is full, for a person who waits anyway.</summary>
internal static class FullQueue
{
    /// <summary>Asks until the answer is another than that the queue is full, or time is up.
    /// </summary>
    /// <param name="terminal">Told that it waits.</param>
    /// <param name="patience">How long, the answer's own wait included; null: ask once.</param>
    /// <param name="ask">Asks, with the time that is left.</param>
    /// <param name="ct">Gives up.</param>
    public static async Task<T> RetryAsync<T>(
        Terminal terminal, TimeSpan? patience, Func<TimeSpan?, Task<T>> ask, CancellationToken ct)
    {
        var begun = Stopwatch.GetTimestamp();
        while (true)
        {
            var left = patience - Stopwatch.GetElapsedTime(begun);
            try
            {
                return await ask(left);
            }
            catch (NovaCowException e) when (
                e.Problem is { Code: "Busy", RetryAfterSeconds: { } seconds }
                && left > TimeSpan.FromSeconds(seconds))
            {
                terminal.Error.WriteLine($"novacow: {e.Message}");
                await Task.Delay(TimeSpan.FromSeconds(seconds), ct);
            }
        }
    }
}
