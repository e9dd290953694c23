using System.Diagnostics;

namespace NovaCow.Hypervisor.Tests.Support;

/// <summary>Runs the system's own tools to their end, which must come within minutes.</summary>
internal static class SystemTool
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    public static async Task<(int Code, string Output, string Error)> TryRunAsync(
        string tool, params IEnumerable<string> arguments)
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
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        using var late = new CancellationTokenSource(Patience);
        await using (late.Token.Register(() => process.Kill(entireProcessTree: true)))
            await process.WaitForExitAsync();
        Assert.False(late.IsCancellationRequested, $"{tool} did not end within {Patience}");
        return (process.ExitCode, await output, await error);
    }

    public static async Task<string> RunAsync(string tool, params IEnumerable<string> arguments)
    {
        var (code, output, error) = await TryRunAsync(tool, arguments);
        Assert.True(
            code == 0, $"{tool} {string.Join(' ', arguments)}: {code}: {output}{error}");
        return output;
    }
}
