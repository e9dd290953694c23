using NovaCow.Core.Scheduling;
using NovaCow.Simulation.Peers;

namespace NovaCow.Simulation.Tests;

public sealed class ImageLocalityTests
{
    private const long MiB = 1L << 20;

    [Theory]
    [InlineData(23, 1_000, 1_000, 0)]
    [InlineData(1_000, 1_000, 1_000, 100)]
    [InlineData(10_240, 1, 1_000, 0)]
    [InlineData(10_240, 1_000, 1_000, 100)]
    [InlineData(10_240, 100, 1_000, 100)]
    [InlineData(1_023, 500, 1_000, 50)]
    [InlineData(2_000, 250, 1_000, 48)]
    public void A_score_is_the_size_by_the_share_of_hosts_between_23_MiB_and_1000_MiB(
        long mib, int having, int hosts, long score) =>
        Assert.Equal(score, ImageLocality.Score(mib * MiB, having, hosts));

    [Fact]
    public void The_emptier_host_and_the_more_even_one_score_higher()
    {
        var rules = new PlacementRules { VCpuRatio = 1, MemoryRatio = 1 };
        var empty = Given.Host("a") with { Capacity = new(10, 1_000, 1) };
        var more = new Claims(1, 5, 250, 0);

        // Half of the processors and three quarters of the memory are left.
        Assert.Equal((50 + 75) / 2, ImageLocality.LeastAllocated(empty, more, rules));
        Assert.Equal(87, ImageLocality.Balanced(empty, more, rules));
        Assert.Equal(100, ImageLocality.Balanced(empty, more with { VCpus = 2, MemoryBytes = 200 },
            rules));
    }
}
