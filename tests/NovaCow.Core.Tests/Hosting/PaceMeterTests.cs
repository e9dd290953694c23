using NovaCow.Core.Hosting;

namespace NovaCow.Core.Tests.Hosting;

public sealed class PaceMeterTests
{
    private const long MiB = 1 << 20;
    private readonly PaceMeter _meter = new();

    [Fact]
    public void Nothing_observed_is_nothing_said()
    {
        var paces = _meter.Read(3);
        Assert.Equal(3, paces.MaxBuilds);
        Assert.Empty(paces.FetchBytesPerSecond);
        Assert.Null(paces.BuildBytesPerSecond);
        Assert.Null(paces.CloneSeconds);
    }

    [Fact]
    public void The_newest_observation_counts_for_its_weight()
    {
        Fetch("a", 100 * MiB, 1);
        Fetch("a", 200 * MiB, 1);
        _meter.Cloned(TimeSpan.FromSeconds(1));
        _meter.Cloned(TimeSpan.FromSeconds(2));

        var paces = _meter.Read(1);

        Assert.Equal(130 * MiB, paces.FetchBytesPerSecond["a"], 1.0);
        Assert.Equal(1.3, paces.CloneSeconds!.Value, 1e-9);
    }

    [Fact]
    public void Fetches_at_one_time_share_what_the_host_can_do()
    {
        _meter.BeginFetch();
        _meter.BeginFetch();
        _meter.EndFetch("a", 50 * MiB, TimeSpan.FromSeconds(1));
        Assert.Equal(100 * MiB, _meter.Read(1).FetchBytesPerSecond["a"], 1.0);
        _meter.EndFetch("b", 50 * MiB, TimeSpan.FromSeconds(1));
        Assert.Equal(50 * MiB, _meter.Read(1).FetchBytesPerSecond["b"], 1.0);
    }

    [Fact]
    public void What_failed_or_was_small_says_nothing()
    {
        Fetch("a", 0, 10);
        Fetch("a", MiB - 1, 10);
        _meter.Built(MiB - 1, TimeSpan.FromSeconds(10));
        Assert.Empty(_meter.Read(1).FetchBytesPerSecond);
        Assert.Null(_meter.Read(1).BuildBytesPerSecond);
    }

    [Fact]
    public void Sources_are_bounded()
    {
        for (var i = 0; i < 2 * PaceMeter.MaxSources; i++)
            Fetch($"source-{i}", MiB, 1);
        Assert.Equal(PaceMeter.MaxSources, _meter.Read(1).FetchBytesPerSecond.Count);
    }

    private void Fetch(string source, long bytes, double seconds)
    {
        _meter.BeginFetch();
        _meter.EndFetch(source, bytes, TimeSpan.FromSeconds(seconds));
    }
}
