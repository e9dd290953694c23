namespace NovaCow.Core.Tests.Scheduling;

/// <summary>Seeded histories of a whole cluster. A failure names its seed, and the fewest of its
/// steps that still fail.</summary>
public sealed class HistoriesTests(ITestOutputHelper output)
{
    private const int Histories = 100_000;
    private const int StepsEach = 80;
    private const int CheckEvery = 20;
    private const int FaultHistories = 10_000;

    [Fact]
    public void Whatever_is_lost_repeated_or_reordered_a_launch_has_one_outcome_on_one_host()
    {
        var (moved, evacuated, captured, dropped) = (0, 0, 0, 0);
        var counts = new Counts(
            isEvacuation => _ = isEvacuation
                ? Interlocked.Increment(ref evacuated)
                : Interlocked.Increment(ref moved),
            () => Interlocked.Increment(ref captured),
            count => Interlocked.Add(ref dropped, count));
        Parallel.For(0, Histories, seed =>
        {
            var steps = Steps(seed);
            if (Failure(steps, PlantedFault.None, counts) is null)
                return;
            var fewest = Fewest(steps, PlantedFault.None);
            var failure = Failure(fewest, PlantedFault.None)!;
            throw new InvalidOperationException(
                $"seed {seed}, {fewest.Count} of its {StepsEach} steps "
                    + $"({string.Join(", ", fewest)}): {failure.Message}",
                failure);
        });
        output.WriteLine(
            $"{Histories:n0} histories of {StepsEach} steps, {moved:n0} moves, {evacuated:n0} of "
                + $"them from hosts that were dead, {captured:n0} captures, "
                + $"{dropped:n0} orders to remove what was captured");
        Assert.True(moved > Histories / 10, $"only {moved} moves came to their commit");
        Assert.True(evacuated > Histories / 100, $"only {evacuated} evacuations did");
        Assert.True(captured > Histories / 100, $"only {captured} captures were registered");
        Assert.True(dropped > Histories / 100, $"only {dropped} captures were to be removed");
    }

    [Theory]
    [InlineData(PlantedFault.SpeaksBeforeItWrites)]
    [InlineData(PlantedFault.WritesWhenDeposed)]
    [InlineData(PlantedFault.ForgetsAnEvent)]
    public void A_fault_that_was_planted_is_found_out_and_shrunk(object planted)
    {
        var fault = (PlantedFault)planted;
        for (var seed = 0; seed < FaultHistories; seed++)
        {
            var steps = Steps(seed);
            if (Failure(steps, fault) is null)
                continue;
            var fewest = Fewest(steps, fault);
            output.WriteLine(
                $"seed {seed}, {fewest.Count} steps: {Failure(fewest, fault)!.Message}");
            Assert.InRange(fewest.Count, 0, StepsEach / 2);
            return;
        }

        Assert.Fail($"{FaultHistories:n0} histories did not find it");
    }

    private static List<ulong> Steps(int seed)
    {
        var dice = new Dice();
        dice.Seed((ulong)seed);
        return [.. Enumerable.Range(0, StepsEach).Select(_ => dice.Next())];
    }

    /// <summary>Leaves out what the failure does not need: half of the steps at a time, then less
    /// and less.</summary>
    private static List<ulong> Fewest(List<ulong> steps, PlantedFault fault)
    {
        for (var length = steps.Count / 2; length > 0; length /= 2)
        {
            for (var at = 0; at + length <= steps.Count;)
            {
                List<ulong> fewer = [.. steps[..at], .. steps[(at + length)..]];
                if (Failure(fewer, fault) is null)
                    at += length;
                else
                    steps = fewer;
            }
        }

        return steps;
    }

    private static Exception? Failure(
        List<ulong> steps, PlantedFault fault, Counts? counts = null)
    {
        try
        {
            var kind = steps is [var first, ..] ? first % 4 : 3;
            Run(steps, new SimulatedCluster(fault)
            {
                OnMove = counts?.OnMove,
                OnCapture = counts?.OnCapture,
                OnDrop = counts?.OnDrop,
                Begins = kind < 3,
                HostsDie = kind == 1,
                CapturesOften = kind == 2,
            });
            return null;
        }
        catch (Exception failure)
        {
            return failure;
        }
    }

    private static void Run(List<ulong> steps, SimulatedCluster cluster)
    {
        if (cluster.Begins)
            cluster.BeginWithInstances();
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

    private sealed record Counts(Action<bool> OnMove, Action OnCapture, Action<int> OnDrop);
}
