using System.Diagnostics;

namespace NovaCow.Nemesis;

/// <summary>Looks again and again, until a deadline.</summary>
internal static class Patience
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>Waits until there is nothing to complain of.</summary>
    /// <param name="complain">What is still wrong; null: nothing.</param>
    /// <param name="within">How long to look.</param>
    /// <param name="ct">Gives up.</param>
    /// <returns>What was still wrong at the deadline; null: nothing.</returns>
    public static async Task<string?> UntilAsync(
        Func<Task<string?>> complain, TimeSpan within, CancellationToken ct)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            var wrong = await complain();
            if (wrong is null || clock.Elapsed > within)
                return wrong;
            await Task.Delay(Pause, ct);
        }
    }
}
