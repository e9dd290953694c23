using System.Diagnostics;
using NovaCow.Client;

namespace NovaCow.Benchmarks.Node;

/// <summary>Launches over HTTP until they are active, on one warm node, many at a time; client and
/// node share the machine.</summary>
internal sealed class LaunchBenchmark : IBenchmark
{
    private const int Width = 64;
    private const int WarmUp = 2_000;
    private const int Count = 5_000;
    private const double RateFloor = 500;
    private const double P99CeilingMs = 250;
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(60);

    public string Name => "launch";

    public string About => "HTTP request to active, 64 at a time, on one warm node";

    /// <param name="args">The directory to measure in; else one below the temporary directory.
    /// </param>
    public async Task RunAsync(string[] args)
    {
        var folder = BenchmarkFolder.Create(args);
        try
        {
            var image = Path.Combine(folder, "image.raw");
            await File.WriteAllBytesAsync(image, new byte[16 << 20]);
            await using var node = await BenchmarkNode.StartAsync(folder);
            await node.Client.RegisterImageAsync(
                new RegisterImageRequest { Name = "image", Source = image }, default);
            await LaunchAsync(node.Client, "warm-up", WarmUp);
            var (seconds, latencies) = await LaunchAsync(node.Client, "launch", Count);
            Print(seconds, latencies);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Print(double seconds, double[] latencies)
    {
        Array.Sort(latencies);
        var rate = Count / seconds;
        var p99 = latencies[Count * 99 / 100];
        Console.WriteLine(
            $"launch, {Width} at a time: {rate:F0} launches/s ({rate / RateFloor:F2} x the floor "
            + $"of {RateFloor}), p50 {latencies[Count / 2]:F1} ms, p99 {p99:F1} ms "
            + $"({p99 / P99CeilingMs:F2} x the ceiling of {P99CeilingMs} ms)");
    }

    private static async Task<(double Seconds, double[] Latencies)> LaunchAsync(
        NovaCowClient client, string prefix, int count)
    {
        var latencies = new double[count];
        var next = -1;
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, Width).Select(async _ =>
        {
            for (int i; (i = Interlocked.Increment(ref next)) < count;)
            {
                var started = Stopwatch.GetTimestamp();
                var request = new LaunchRequest
                {
                    Image = "image",
                    Flavor = "m1.tiny",
                    Ids = [$"{prefix}-{i}"],
                };
                var answer = await client.LaunchAsync(request, Wait, default);
                if (answer.Instances[0].State != "active")
                    throw new InvalidOperationException($"{answer.Instances[0]}");
                latencies[i] = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
            }
        }));
        return (clock.Elapsed.TotalSeconds, latencies);
    }
}
