using System.Diagnostics;

namespace NovaCow.Storage.Tests;

/// <summary>Runs the system's own tools to their end.</summary>
internal static class Command
{
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

    /// <exception cref="InvalidOperationException">It failed.</exception>
    public static async Task<string> RunAsync(string tool, params string[] arguments)
    {
        var (code, output, error) = await TryRunAsync(tool, arguments);
        return code == 0
            ? output
            : throw new InvalidOperationException(
                $"{tool} {string.Join(' ', arguments)} failed with {code}: {output}{error}");
    }

    /// <summary>Whether the system has this tool.</summary>
    public static bool Has(string tool) =>
        new[] { "/usr/bin", "/usr/sbin", "/bin", "/sbin" }
            .Any(folder => File.Exists(Path.Combine(folder, tool)));
}
