using System.Diagnostics;

namespace NovaCow.Cluster.Tests.Harness;

/// <summary>Runs the system's own tools on what the cluster made.</summary>
internal static class Tools
{
    /// <summary>What a tool prints.</summary>
    public static async Task<string> RunAsync(string tool, params string[] arguments)
    {
        var start = new ProcessStartInfo(tool, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(
            process.ExitCode == 0, $"{tool} {string.Join(' ', arguments)}: {await error}");
        return output;
    }

    /// <summary>Skips the test where a tool is missing.</summary>
    public static void Need(params string[] tools)
    {
        string[] folders = [.. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')];
        foreach (var tool in tools)
        {
            if (!folders.Any(f => File.Exists(Path.Combine(f, tool))))
                Assert.Skip($"{tool} is not installed");
        }
    }
}
