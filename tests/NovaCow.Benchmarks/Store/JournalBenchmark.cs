using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using NovaCow.Runtime.Persistence;
using NovaCow.Store.Sqlite;

namespace NovaCow.Benchmarks.Store;

/// <summary>
/// Events that the embedded store makes durable per second, by writers that each await their append
/// before the next; each writer has a stream of its own, as an actor has. Every commit is synced.
/// </summary>
public sealed class JournalBenchmark : IBenchmark
{
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1);

    public string Name => "journal";

    public string About => "the embedded store: durable events per second, and latency";

    /// <param name="args">The folder to write in; the working directory by default.</param>
    public async Task RunAsync(string[] args)
    {
        var parent = args.Length > 0 ? args[0] : Directory.GetCurrentDirectory();
        var folder = Path.Combine(parent, $"journal-benchmark-{Environment.ProcessId}");
        Directory.CreateDirectory(folder);
        try
        {
            Console.WriteLine(
                "writers  bytes  batch    events/s  commits/s  events/commit  p50 ms  p99 ms");
            await MeasureAsync(folder, new(Writers: 100, Bytes: 200, Batch: 1));
            await MeasureAsync(folder, new(Writers: 1, Bytes: 200, Batch: 1));
            await MeasureAsync(folder, new(Writers: 1, Bytes: 200, Batch: 100));
            await MeasureAsync(folder, new(Writers: 1_000, Bytes: 200, Batch: 1));
            Console.WriteLine("floor: 10,000 events/s with 100 writers of one event at a time");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task MeasureAsync(string folder, Load load)
    {
        var path = Path.Combine(folder, $"{load.Writers}-{load.Batch}.db");
        await using var store = await SqliteStore.OpenAsync(path);
        var streams = new long[load.Writers];
        await RunAsync(store, load, streams, WarmUp);

        var commits = 0L;
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Name == "novacow.store.commits")
                self.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((_, value, _, _) => commits += value);
        listener.Start();
        var start = Stopwatch.GetTimestamp();
        var latencies = await RunAsync(store, load, streams, Duration);
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;

        var events = (double)latencies.Count * load.Batch;
        latencies.Sort();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{load.Writers,7}{load.Bytes,7}{load.Batch,7}{events / seconds,12:n0}"
            + $"{commits / seconds,11:n0}{events / commits,15:n1}"
            + $"{latencies[latencies.Count / 2],8:n2}"
            + $"{latencies[latencies.Count * 99 / 100],8:n2}"));
    }

    /// <returns>How long each append took, in milliseconds.</returns>
    private static async Task<List<double>> RunAsync(
        SqliteStore store, Load load, long[] streams, TimeSpan duration)
    {
        var payload = new StoredPayload("benchmark", new byte[load.Bytes]);
        var batch = Enumerable.Repeat(payload, load.Batch).ToList();
        var start = Stopwatch.GetTimestamp();
        var writers = Enumerable.Range(0, load.Writers).Select(async i =>
        {
            var latencies = new List<double>();
            while (Stopwatch.GetElapsedTime(start) < duration)
            {
                var began = Stopwatch.GetTimestamp();
                await store.AppendAsync(new($"s{i}", streams[i] + 1, batch, null), default);
                latencies.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
                streams[i] += load.Batch;
            }
            return latencies;
        });
        return (await Task.WhenAll(writers)).SelectMany(l => l).ToList();
    }

    private sealed record Load(int Writers, int Bytes, int Batch);
}
