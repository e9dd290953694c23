using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using NovaCow.Actors.Telemetry;
using NovaCow.Actors.Tests.Hosting;

namespace NovaCow.Actors.Tests;

public sealed class DomainMetricsTests : HostTestKit
{
    [Fact]
    public void What_a_host_does_is_counted()
    {
        // Other tests count at the same time: only what there is at the least can be said.
        ConcurrentDictionary<string, double> sums = new();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Name == DomainMetrics.MeterName)
                l.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
            Add(instrument.Name + Tag(tags), Math.Max(0, value)));
        listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) =>
            Add(instrument.Name + Tag(tags), 1));
        listener.Start();

        // The gauges are the host's own: no other test has one of this name.
        StartHost(name: "metered");
        Active();
        Active("vm-2");
        TestScheduler.Advance(TimeSpan.FromSeconds(6));
        AwaitIdle();
        listener.RecordObservableInstruments();

        Assert.True(sums["novacow.downloads"] >= 1);
        Assert.True(sums["novacow.conversions"] >= 1);
        Assert.True(sums["novacow.blank_bases"] >= 2);
        Assert.True(sums["novacow.clones"] >= 6);
        Assert.True(sums["novacow.fetched"] >= 64 << 20);
        Assert.True(sums["novacow.shared metered"] >= 3_000);
        Assert.True(sums["novacow.unique metered"] >= 72);
        Assert.True(sums["novacow.bases ready"] >= 3);
        Assert.True(sums["novacow.prepare.duration cold"] >= 1);
        Assert.True(sums["novacow.prepare.duration warm"] >= 1);

        void Add(string name, double value) =>
            sums.AddOrUpdate(name, value, (_, sum) => sum + value);

        static string Tag(ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
            tags.Length == 0 ? "" : " " + tags[0].Value;
    }
}
