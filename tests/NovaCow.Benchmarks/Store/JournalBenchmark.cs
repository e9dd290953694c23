using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using NovaCow.Runtime.Persistence;
using NovaCow.Store.Postgres;
using NovaCow.Store.Sqlite;
using NovaCow.Testing.Postgres;

namespace NovaCow.Benchmarks.Store;

/// <summary>
/// Events that a store makes durable per second, by writers that each await their append before the
/// next; each writer has a stream of its own, as an actor has. Every commit is synced. For
/// PostgreSQL also what it does without the store, in the same run.
/// </summary>
public sealed class JournalBenchmark : IBenchmark
{
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1);

    private static readonly Load[] Loads =
    [
        new(Writers: 100, Bytes: 200, Batch: 1),
        new(Writers: 1, Bytes: 200, Batch: 1),
        new(Writers: 1, Bytes: 200, Batch: 100),
        new(Writers: 1_000, Bytes: 200, Batch: 1),
    ];

    public string Name => "journal";

    public string About => "the stores: durable events per second, and latency";

    /// <param name="args">The folder to write in; the working directory by default.</param>
    public async Task RunAsync(string[] args)
    {
        var parent = args.Length > 0 ? args[0] : Directory.GetCurrentDirectory();
        var folder = Path.Combine(parent, $"journal-benchmark-{Environment.ProcessId}");
        Directory.CreateDirectory(folder);
        try
        {
            WriteHead("SQLite");
            foreach (var load in Loads)
            {
                var path = Path.Combine(folder, $"{load.Writers}-{load.Batch}.db");
                await using var store = await SqliteStore.OpenAsync(path);
                await MeasureAsync(store, load);
            }
            Console.WriteLine("floor: 10,000 events/s with 100 writers of one event at a time");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
        if (PrivatePostgres.Unavailable is { } problem) Console.WriteLine($"PostgreSQL: {problem}");
        else await MeasurePostgresAsync();
    }

    private static async Task MeasurePostgresAsync()
    {
        await using var server = await PrivatePostgres.StartAsync();
        WriteHead("PostgreSQL");
        var rates = new Dictionary<Load, double>();
        foreach (var load in Loads)
        {
            var url = await server.CreateDatabaseAsync($"d{rates.Count}");
            if (!PostgresAddress.TryParse(url, out var address, out var problem))
                throw new FormatException(problem);
            await using var store = await PostgresStore.OpenAsync(
                new() { Address = address!, Migrate = true });
            rates[load] = await MeasureAsync(store, load);
        }
        await CompareAsync(server, rates);
        Console.WriteLine("floor: 5,000 events/s with 100 writers of one event at a time");
    }

    /// <summary>What grouping is worth beyond what the server does by itself.</summary>
    private static async Task CompareAsync(
        PrivatePostgres server, IReadOnlyDictionary<Load, double> rates)
    {
        foreach (var connections in (int[])[1, 100])
        {
            var rows = await PlainInserts.MeasureAsync(
                server, connections, Loads[0].Bytes, Duration);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"plain, {connections} connections that insert one row and commit: {rows:n0} rows/s"
                + $"; the store's rate is, with 1 writer, {rates[Loads[1]] / rows:n2} of that, "
                + $"with 100, {rates[Loads[0]] / rows:n2}"));
        }
    }

    private static void WriteHead(string engine)
    {
        Console.WriteLine(engine);
        Console.WriteLine(
            "writers  bytes  batch    events/s  commits/s  events/commit  p50 ms  p99 ms");
    }

    /// <returns>Events per second.</returns>
    private static async Task<double> MeasureAsync(IStore store, Load load)
    {
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
        return events / seconds;
    }

    /// <returns>How long each append took, in milliseconds.</returns>
    private static async Task<List<double>> RunAsync(
        IStore store, Load load, long[] streams, TimeSpan duration)
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
