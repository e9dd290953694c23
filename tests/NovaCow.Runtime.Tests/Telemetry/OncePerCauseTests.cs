using NovaCow.Runtime.Telemetry;
using NovaCow.Runtime.TestKit;

namespace NovaCow.Runtime.Tests.Telemetry;

public sealed class OncePerCauseTests
{
    private readonly VirtualTimeProvider _time = new();
    private readonly OncePerCause _told;

    public OncePerCauseTests() => _told = new OncePerCause(_time);

    [Fact]
    public void A_cause_is_told_once_whatever_the_time_of_day_in_it()
    {
        Assert.True(_told.IsNew("host-1 expired, the clock says 2026-06-01 12:00:00Z"));
        Assert.False(_told.IsNew("host-1 expired, the clock says 2026-06-01 12:00:05Z"));
        Assert.True(_told.IsNew("host-2 expired, the clock says 2026-06-01 12:00:05Z"));
    }

    [Fact]
    public void It_is_told_again_when_it_lasts_and_when_all_was_well_between()
    {
        Assert.True(_told.IsNew("refused"));
        _time.Advance(TimeSpan.FromHours(1));
        Assert.True(_told.IsNew("refused"));
        _told.Clear();
        Assert.True(_told.IsNew("refused"));
    }

    [Fact]
    public void Causes_that_somebody_makes_up_do_not_fill_the_log()
    {
        Assert.Equal(1_000, Enumerable.Range(0, 5_000).Count(i => _told.IsNew($"cause {i}")));
        _time.Advance(TimeSpan.FromHours(1));
        Assert.True(_told.IsNew("another"));
    }
}
