namespace NovaCow.Core.Tests.Scheduling;

/// <summary>Seeded histories of a whole cluster. A failure names its seed, and the fewest of its
/// steps that still fail.</summary>
public sealed class HistoriesTests(ITestOutputHelper output)
{
    private const int Histories = 100_000;
    private const int StepsEach = 80;
    private const int CheckEvery = 20;

    [Fact]
    public void Whatever_is_lost_repeated_or_reordered_a_launch_has_one_outcome_on_one_host()
    {
        Parallel.For(0, Histories, seed =>
        {
            var steps = Steps(seed);
            if (Failure(steps) is null)
                return;
            var fewest = Fewest(steps);
            var failure = Failure(fewest)!;
            throw new InvalidOperationException(
                $"seed {seed}, {fewest.Count} of its {StepsEach} steps "
                    + $"({string.Join(", ", fewest)}): {failure.Message}",
                failure);
        });
        output.WriteLine($"{Histories:n0} histories of {StepsEach} steps");
    }

    private static List<ulong> Steps(int seed)
    {
        var dice = new Dice();
        dice.Seed((ulong)seed);
        return [.. Enumerable.Range(0, StepsEach).Select(_ => dice.Next())];
    }

    /// <summary>Leaves out what the failure does not need: half of the steps at a time, then less
    /// and less.</summary>
    private static List<ulong> Fewest(List<ulong> steps)
    {
        for (var length = steps.Count / 2; length > 0; length /= 2)
        {
            for (var at = 0; at + length <= steps.Count;)
            {
                List<ulong> fewer = [.. steps[..at], .. steps[(at + length)..]];
                if (Failure(fewer) is null)
                    at += length;
                else
                    steps = fewer;
            }
        }

        return steps;
    }

    private static Exception? Failure(List<ulong> steps)
    {
        try
        {
            Run(steps);
            return null;
        }
        catch (Exception failure)
        {
            return failure;
        }
    }

    private static void Run(List<ulong> steps)
    {
        var cluster = new SimulatedCluster();
        for (var step = 0; step < steps.Count; step++)
        {
            cluster.Step(steps[step]);
            if (step % CheckEvery == CheckEvery - 1)
                cluster.CheckAlways();
        }

        cluster.Settle();
        cluster.CheckAlways();
        cluster.CheckSettled();
    }
}
