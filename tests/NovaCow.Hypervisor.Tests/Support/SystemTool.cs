using System.Diagnostics;

namespace NovaCow.Hypervisor.Tests.Support;

/// <summary>Runs the system's own tools to their end, which must come within minutes.</summary>
internal static class SystemTool
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    public static async Task<(int Code, string Output, string Error)> TryRunAsync(
        string tool, IEnumerable<string> arguments, string input = "")
    {
        var start = new ProcessStartInfo(tool)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        start.Environment["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin";
        using var process = Process.Start(start)!;
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        using var late = new CancellationTokenSource(Patience);
        await using (late.Token.Register(() => process.Kill(entireProcessTree: true)))
            await process.WaitForExitAsync();
        Assert.False(late.IsCancellationRequested, $"{tool} did not end within {Patience}");
        return (process.ExitCode, await output, await error);
    }

    public static Task<string> RunAsync(string tool, params string[] arguments) =>
        RunAsync(tool, arguments, "");

    public static async Task<string> RunAsync(
        string tool, IEnumerable<string> arguments, string input = "")
    {
        var (code, output, error) = await TryRunAsync(tool, arguments, input);
        Assert.True(code == 0, $"{tool}: {code}: {output}{error}");
        return output;
    }
}
