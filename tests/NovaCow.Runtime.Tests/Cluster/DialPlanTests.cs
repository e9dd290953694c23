using NovaCow.Runtime.Cluster;

namespace NovaCow.Runtime.Tests.Cluster;

public sealed class DialPlanTests
{
    private static readonly Uri A = new("http://a");
    private static readonly Uri B = new("http://b");
    private static readonly Uri C = new("http://c");
    private static readonly DialTimings Timings = new();

    private DialPlan _plan = new([A, B]);

    [Fact]
    public void Seeds_are_tried_in_turn_at_once_and_then_with_growing_pauses()
    {
        double[] expected = [0, 0, 250, 0, 500, 0, 1_000, 0, 2_000, 0, 4_000, 0, 5_000, 0, 5_000];
        for (var i = 0; i < expected.Length; i++)
        {
            var (address, delay) = Next(jitter: 1);
            Assert.Equal(i % 2 == 0 ? A : B, address);
            Assert.Equal(expected[i], delay.TotalMilliseconds);
            _plan = _plan.Failed();
        }
    }

    [Theory]
    [InlineData(0, 125)]
    [InlineData(0.5, 187.5)]
    [InlineData(1, 250)]
    public void A_pause_is_between_half_and_all_of_its_length(double jitter, double milliseconds)
    {
        _plan = _plan.Failed().Failed();
        Assert.Equal(milliseconds, Next(jitter).Delay.TotalMilliseconds);
    }

    [Fact]
    public void The_leader_that_a_seed_names_is_dialled_at_once()
    {
        Next();
        _plan = _plan.Hinted(C);
        Assert.Equal((C, TimeSpan.Zero), Next());
        _plan = _plan.Failed();
        Assert.Equal(B, Next().Address);
    }

    [Fact]
    public void Nodes_that_name_each_other_are_believed_a_few_times_only()
    {
        var hints = 0;
        for (var i = 0; i < 20 && _plan.Failures == 0; i++)
        {
            Next();
            _plan = _plan.Hinted(i % 2 == 0 ? A : B);
            hints++;
        }
        Assert.InRange(hints, 2, 5);
        Assert.Null(_plan.Hint);
    }

    [Fact]
    public void After_a_success_the_pauses_start_anew_and_a_loss_is_spread()
    {
        _plan = _plan.Failed().Failed().Failed().Failed().Connected();
        _plan = _plan.Lost();
        Assert.Equal(Timings.LossSpread / 2, Next(jitter: 0.5).Delay);
        Assert.Equal(TimeSpan.Zero, Next(jitter: 1).Delay);
    }

    private (Uri Address, TimeSpan Delay) Next(double jitter = 1)
    {
        (_plan, var address, var delay) = _plan.Next(Timings, jitter);
        return (address, delay);
    }
}
