using System.Diagnostics;

namespace NovaCow.Testing.Guests;

/// <summary>Runs the system's own tools to their end.</summary>
public static class SystemTool
{
    private static readonly string[] s_folders =
        ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

    /// <summary>The first of these tools that this machine has not; null: it has all.</summary>
    public static string? Missing(params IEnumerable<string> tools) => tools.FirstOrDefault(
        tool => !s_folders.Any(folder => File.Exists(Path.Combine(folder, tool))));

    /// <summary>What a tool prints.</summary>
    /// <exception cref="InvalidOperationException">It failed; the message is its own.</exception>
    public static async Task<string> RunAsync(string tool, params IReadOnlyList<string> arguments)
    {
        var (code, output, error) = await TryRunAsync(tool, arguments);
        return code == 0
            ? output
            : throw new InvalidOperationException(
                $"{tool} {string.Join(' ', arguments)} ended with {code}: {error}{output}");
    }

    /// <summary>How a tool ended, and what it printed.</summary>
    public static async Task<(int Code, string Output, string Error)> TryRunAsync(
        string tool, params IReadOnlyList<string> arguments)
    {
        var start = new ProcessStartInfo(tool, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PATH"] = string.Join(':', s_folders);
        start.Environment["LC_ALL"] = "C";
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output, await error);
    }
}
