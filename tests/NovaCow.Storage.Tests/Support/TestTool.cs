using System.Diagnostics;

namespace NovaCow.Storage.Tests;

/// <summary>Runs the system's own tools beside the code under test.</summary>
internal static class TestTool
{
    public static async Task<string> RunAsync(string tool, params string[] arguments)
    {
        var (code, output, error) = await TryRunAsync(tool, arguments);
        Assert.True(
            code == 0, $"{tool} {string.Join(' ', arguments)} failed with {code}: {output}{error}");
        return output;
    }

    public static async Task<(int Code, string Output, string Error)> TryRunAsync(
        string tool, params string[] arguments)
    {
        var start = new ProcessStartInfo(tool)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        start.Environment["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin";
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await error);
    }

    /// <summary>Skips the test where a tool is missing.</summary>
    public static void Need(params string[] tools)
    {
        string[] folders = ["/usr/bin", "/usr/sbin", "/bin", "/sbin"];
        foreach (var tool in tools)
        {
            if (!folders.Any(f => File.Exists(Path.Combine(f, tool))))
                Assert.Skip($"{tool} is not installed");
        }
    }
}
