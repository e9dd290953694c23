using System.Diagnostics;

namespace NovaCow.Cluster.Tests.Harness;

/// <summary>Waits for what must come true, by looking; never by hoping.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(150);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25);

    /// <summary>The first value that a condition holds for.</summary>
    public static async Task<T> HoldsAsync<T>(
        string what, Func<Task<T>> look, Func<T, bool> condition, Func<string>? whatIsSeen = null,
        TimeSpan? within = null)
    {
        var deadline = within ?? Deadline;
        var clock = Stopwatch.StartNew();
        while (true)
        {
            var seen = await look();
            if (condition(seen))
                return seen;
            if (clock.Elapsed > deadline)
            {
                Assert.Fail($"{what}: not true after {deadline.TotalSeconds} s; seen: {seen} "
                    + whatIsSeen?.Invoke());
            }

            await Task.Delay(Pause);
        }
    }

    public static Task TrueAsync(string what, Func<Task<bool>> look, Func<string>? seen = null) =>
        HoldsAsync(what, look, yes => yes, seen);
}
