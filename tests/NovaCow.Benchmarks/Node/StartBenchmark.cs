namespace NovaCow.Benchmarks.Node;

/// <summary>How soon a node serves, and what it takes when it idles.</summary>
internal sealed class StartBenchmark : IBenchmark
{
    private const int Rounds = 5;
    private const double ReadyCeilingSeconds = 1;
    private const double MemoryCeilingMiB = 120;
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(3);

    public string Name => "start";

    public string About => "novacowd: time to ready, memory when idle";

    public async Task RunAsync(string[] args)
    {
        List<double> ready = [];
        List<double> memory = [];
        for (var i = 0; i < Rounds; i++)
        {
            var folder = BenchmarkFolder.Create(args);
            try
            {
                await using var node = await BenchmarkNode.StartAsync(folder);
                ready.Add(node.ReadyAfter.TotalSeconds);
                await Task.Delay(Settle);
                memory.Add(node.ResidentBytes() / (double)(1 << 20));
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        var (time, size) = (Median(ready), Median(memory));
        Console.WriteLine(
            $"start: ready after {time:F2} s ({time / ReadyCeilingSeconds:F2} x the ceiling of "
            + $"{ReadyCeilingSeconds} s), {size:F0} MiB resident when idle "
            + $"({size / MemoryCeilingMiB:F2} x the ceiling of {MemoryCeilingMiB} MiB); "
            + $"median of {Rounds}");
    }

    private static double Median(List<double> values) => values.Order().ElementAt(Rounds / 2);
}
