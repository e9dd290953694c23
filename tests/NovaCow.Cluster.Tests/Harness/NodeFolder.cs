using System.Diagnostics;

namespace NovaCow.Cluster.Tests.Harness;

/// <summary>Where nodes that were killed had their files.</summary>
internal static class NodeFolder
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>Removes it with all that is in it. A tool that a killed node had begun may go on for
    /// a moment, and make a file in a folder that has just been emptied.</summary>
    public static async Task RemoveAsync(string path)
    {
        for (var clock = Stopwatch.StartNew(); ;)
        {
            try
            {
                Directory.Delete(path, recursive: true);
                return;
            }
            catch (IOException) when (Directory.Exists(path) && clock.Elapsed < Deadline)
            {
                await Task.Delay(Pause);
            }
            catch (DirectoryNotFoundException) when (!Directory.Exists(path))
            {
                return;
            }
        }
    }
}
