namespace NovaCow.Core.Tests.Scheduling;

/// <summary>Seeded histories of a whole cluster; a failure names its seed.</summary>
public sealed class HistoriesTests
{
    private const int Histories = 100_000;
    private const int StepsEach = 60;
    private const int CheckEvery = 15;

    [Fact]
    public void Whatever_is_lost_repeated_or_reordered_a_launch_has_one_outcome_on_one_host()
    {
        Parallel.For(0, Histories, seed =>
        {
            try
            {
                Run(seed);
            }
            catch (Exception failure)
            {
                throw new InvalidOperationException($"seed {seed}: {failure.Message}", failure);
            }
        });
    }

    private static void Run(int seed)
    {
        var cluster = new SimulatedCluster(seed);
        for (var step = 1; step <= StepsEach; step++)
        {
            cluster.Step();
            if (step % CheckEvery == 0)
                cluster.CheckAlways();
        }

        cluster.Settle();
        cluster.CheckAlways();
        cluster.CheckSettled();
    }
}
