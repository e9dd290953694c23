using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using NovaCow.Store.Sqlite;

namespace NovaCow.Store.Tests.Sqlite;

public sealed class SqliteMetricsTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Appends_are_counted_and_timed_and_commits_tell_their_size()
    {
        // Other tests write at the same time, to the same meter: so at least these.
        var sums = new ConcurrentDictionary<string, double>(StringComparer.Ordinal);
        void Add(Instrument instrument, double value) =>
            sums.AddOrUpdate(instrument.Name, value, (_, sum) => sum + value);
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Name == "NovaCow.Store") self.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((i, value, _, _) => Add(i, value));
        listener.SetMeasurementEventCallback<int>((i, value, _, _) => Add(i, value));
        listener.SetMeasurementEventCallback<double>((i, value, _, _) => Add(i, value));
        listener.Start();

        await using (var store = await SqliteStore.OpenAsync(_folder.File("store.db")))
        {
            await Task.WhenAll(Enumerable.Range(0, 50).Select(i => store.AppendAsync(
                new($"s{i}", 1, [new("m", new byte[9]), new("m", new byte[9])], null), default)));
        }

        Assert.True(sums["novacow.store.events"] >= 100);
        Assert.True(sums["novacow.store.group.size"] >= 50);
        Assert.True(sums["novacow.store.commits"] >= 1);
        Assert.True(sums["novacow.store.append.duration"] > 0);
    }
}
