using NovaCow.Runtime.Cluster;

namespace NovaCow.Runtime.Tests.Cluster;

public sealed class LeaseClockTests
{
    [Theory]
    [InlineData(10, 10, 10)]
    [InlineData(10, 70, 70)]
    [InlineData(10, -60, 10)]
    [InlineData(0, 30, 30)]
    public void It_counts_the_longer_of_what_both_clocks_saw(int ticked, int wall, int expected)
    {
        var time = new TwoClocks();
        var clock = new LeaseClock(time);
        time.Ticked = TimeSpan.FromSeconds(ticked);
        time.Wall = TimeSpan.FromSeconds(wall);
        Assert.Equal(expected, clock.Now.TotalSeconds);
    }

    [Fact]
    public void A_wall_clock_that_is_set_and_set_back_does_not_stop_it()
    {
        var time = new TwoClocks();
        var clock = new LeaseClock(time);
        time.Wall = TimeSpan.FromHours(1);
        Assert.Equal(TimeSpan.FromHours(1), clock.Now);
        time.Wall = TimeSpan.Zero;
        time.Ticked = TimeSpan.FromSeconds(1);
        Assert.Equal(TimeSpan.FromSeconds(3_601), clock.Now);
    }

    private sealed class TwoClocks : TimeProvider
    {
        public TimeSpan Ticked { get; set; }

        public TimeSpan Wall { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Ticked.Ticks;

        public override DateTimeOffset GetUtcNow() =>
            new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero) + Wall;
    }
}
