using System.Diagnostics.Metrics;
using NovaCow.Node.Metrics;

namespace NovaCow.Node.Tests.Metrics;

public sealed class PrometheusExporterTests : IDisposable
{
    private readonly string _prefix = $"Test{Guid.NewGuid():N}";
    private readonly PrometheusExporter _exporter;
    private readonly Meter _meter;

    public PrometheusExporterTests()
    {
        _exporter = new PrometheusExporter(_prefix);
        _meter = new Meter($"{_prefix}.Things");
    }

    public void Dispose()
    {
        _meter.Dispose();
        _exporter.Dispose();
    }

    [Fact]
    public async Task A_counter_is_a_total_by_its_tags()
    {
        var counter = _meter.CreateCounter<long>("launches", description: "Launches.");
        counter.Add(2, new KeyValuePair<string, object?>("cache", "warm"));
        counter.Add(3, new KeyValuePair<string, object?>("cache", "warm"));
        counter.Add(1, new KeyValuePair<string, object?>("cache", "cold"));
        Assert.Equal(
            """
            # HELP launches_total Launches.
            # TYPE launches_total counter
            launches_total{cache="warm"} 5
            launches_total{cache="cold"} 1

            """,
            await ScrapeAsync());
    }

    [Fact]
    public async Task A_histogram_has_cumulative_buckets_a_sum_and_a_count()
    {
        var histogram = _meter.CreateHistogram<double>("step.time", "s");
        histogram.Record(0.003);
        histogram.Record(0.003);
        histogram.Record(400);
        var text = await ScrapeAsync();
        Assert.Contains("# TYPE step_time_seconds histogram\n", text);
        Assert.Contains("step_time_seconds_bucket{le=\"0.0025\"} 0\n", text);
        Assert.Contains("step_time_seconds_bucket{le=\"0.005\"} 2\n", text);
        Assert.Contains("step_time_seconds_bucket{le=\"300\"} 2\n", text);
        Assert.Contains("step_time_seconds_bucket{le=\"+Inf\"} 3\n", text);
        Assert.Contains("step_time_seconds_sum 400.006\n", text);
        Assert.Contains("step_time_seconds_count 3\n", text);
    }

    [Fact]
    public async Task An_observed_value_that_is_gone_is_not_shown_any_more()
    {
        Measurement<long>[] now =
            [new(1, new KeyValuePair<string, object?>("state", "ready"))];
        _meter.CreateObservableGauge("bases", () => now);
        Assert.Contains("bases{state=\"ready\"} 1\n", await ScrapeAsync());
        now = [new(4, new KeyValuePair<string, object?>("state", "failed"))];
        var text = await ScrapeAsync();
        Assert.Contains("bases{state=\"failed\"} 4\n", text);
        Assert.DoesNotContain("ready", text);
    }

    [Fact]
    public async Task A_value_that_a_stranger_chose_cannot_break_the_format()
    {
        var counter = _meter.CreateCounter<long>("errors");
        counter.Add(1, new KeyValuePair<string, object?>("why", "a\"b\\c\nd"));
        Assert.Contains("errors_total{why=\"a\\\"b\\\\c\\nd\"} 1\n", await ScrapeAsync());
    }

    [Fact]
    public async Task Too_many_tag_sets_are_counted_as_one()
    {
        var counter = _meter.CreateCounter<long>("by.name");
        for (var i = 0; i < PrometheusExporter.MaxSeriesPerInstrument + 5; i++)
            counter.Add(1, new KeyValuePair<string, object?>("name", i));
        Assert.Contains("by_name_total{overflow=\"true\"} 5\n", await ScrapeAsync());
    }

    [Fact]
    public async Task Meters_of_others_are_left_alone()
    {
        using var other = new Meter("Somebody");
        other.CreateCounter<long>("theirs").Add(1);
        Assert.Equal("", await ScrapeAsync());
    }

    private async Task<string> ScrapeAsync()
    {
        await using var text = new StringWriter { NewLine = "\n" };
        await _exporter.WriteAsync(text);
        return text.ToString();
    }
}
