using NovaCow.Benchmarks;
using NovaCow.Benchmarks.Actors;
using NovaCow.Benchmarks.Link;
using NovaCow.Benchmarks.Machines;
using NovaCow.Benchmarks.Node;
using NovaCow.Benchmarks.Placement;
using NovaCow.Benchmarks.Runtime;
using NovaCow.Benchmarks.Scale;
using NovaCow.Benchmarks.Storage;
using NovaCow.Benchmarks.Store;

IBenchmark[] benchmarks =
[
    new CloneBenchmark(),
    new MigrateBenchmark(),
    new CopyBenchmark(),
    new ReflinkCurveBenchmark(),
    new DensityBenchmark(),
    new LaunchBenchmark(),
    new FirstUseBenchmark(),
    new StartBenchmark(),
    new RuntimeBenchmark(),
    new LinkBenchmark(),
    new FailoverBenchmark(),
    new JournalBenchmark(),
    new PersistBenchmark(),
    new LaunchPathBenchmark(),
    new RecoveryBenchmark(),
    new AcceptBenchmark(),
    new DecideBenchmark(),
    new SimulateBenchmark(),
    new MachinesBenchmark(),
];

var chosen = benchmarks.FirstOrDefault(b => b.Name == args.FirstOrDefault());
if (chosen is null)
{
    Console.WriteLine("usage: dotnet run -c Release --project tests/NovaCow.Benchmarks -- NAME");
    foreach (var benchmark in benchmarks)
        Console.WriteLine($"  {benchmark.Name,-14} {benchmark.About}");
    return 2;
}

try
{
    await chosen.RunAsync(args[1..]);
    return 0;
}
catch (FormatException e)
{
    Console.Error.WriteLine($"{chosen.Name} takes other arguments: {e.Message}");
    return 2;
}
