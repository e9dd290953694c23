namespace NovaCow.Benchmarks.Node;

/// <summary>A folder for one run.</summary>
internal static class BenchmarkFolder
{
    /// <param name="args">The directory to make it in; else the temporary directory.</param>
    public static string Create(string[] args) => Directory.CreateDirectory(Path.Combine(
        args.FirstOrDefault() ?? Path.GetTempPath(), $"novacow-bench-{Guid.NewGuid():N}")).FullName;
}
