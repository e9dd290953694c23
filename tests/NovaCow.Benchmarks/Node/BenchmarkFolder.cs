namespace NovaCow.Benchmarks.Node;

/// <summary>A folder for one run.</summary>
/// <remarks>Ext4 without a journal steps over the inodes that were freed in the last minutes one by
/// one, so a run soon after another is slower: run in a directory that <c>chattr +T</c> has made a
/// top one, whose folders lie far apart, or wait.</remarks>
internal static class BenchmarkFolder
{
    /// <param name="args">The directory to make it in; else the temporary directory.</param>
    public static string Create(string[] args) => Directory.CreateDirectory(Path.Combine(
        args.FirstOrDefault() ?? Path.GetTempPath(), $"novacow-bench-{Guid.NewGuid():N}")).FullName;
}
