namespace NovaCow.Benchmarks;

/// <summary>One thing that is measured, started by its name on the command line.</summary>
public interface IBenchmark
{
    string Name { get; }

    /// <summary>What it measures, in a line.</summary>
    string About { get; }

    Task RunAsync(string[] args);
}
