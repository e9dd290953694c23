using System.Diagnostics;
using System.Text;

namespace NovaCow.Storage;

/// <summary>What a tool that ended had to say; its output is cut at a bound.</summary>
internal sealed record ToolResult(int ExitCode, string Output, string Error, bool TimedOut);

/// <summary>Starts one command, feeds it nothing, reads it within bounds, and ends it with all its
/// children when it is cancelled or late. It adds no walls: see <see cref="Sandbox"/>.</summary>
internal static class SandboxedProcess
{
    private const int MaxOutputChars = 1 << 20;

    /// <param name="command">The program's absolute path and its arguments.</param>
    /// <param name="folder">Its working directory.</param>
    /// <param name="wallClock">When it is ended.</param>
    /// <param name="onOutput">Told each piece of output as it comes.</param>
    /// <param name="token">Ends it.</param>
    /// <param name="maxOutputChars">Where its output is cut.</param>
    public static async Task<ToolResult> RunAsync(
        IReadOnlyList<string> command,
        string folder,
        TimeSpan wallClock,
        Action<string>? onOutput,
        CancellationToken token,
        int maxOutputChars = MaxOutputChars)
    {
        token.ThrowIfCancellationRequested();
        using var process = Start(command, folder);
        using var late = new CancellationTokenSource(wallClock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(token, late.Token);
        await using (either.Token.Register(() => Kill(process)))
        {
            process.StandardInput.Close();
            var output = ReadAsync(process.StandardOutput, onOutput, maxOutputChars);
            var error = ReadAsync(process.StandardError, onPiece: null, maxOutputChars);
            await process.WaitForExitAsync(CancellationToken.None);
            var result = new ToolResult(
                process.ExitCode, await output, await error, late.IsCancellationRequested);
            token.ThrowIfCancellationRequested();
            return result;
        }
    }

    private static Process Start(IReadOnlyList<string> command, string folder)
    {
        var start = new ProcessStartInfo(command[0])
        {
            WorkingDirectory = folder,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in command.Skip(1))
            start.ArgumentList.Add(argument);
        start.Environment.Clear();
        start.Environment["LC_ALL"] = "C";

        // mke2fs stamps this time, so that a blank base is the same on every host.
        start.Environment["E2FSPROGS_FAKE_TIME"] = "1";
        return Process.Start(start)!;
    }

    /// <summary>The command leads a session of its own once setsid has run; until then there is
    /// only the process itself.</summary>
    private static void Kill(Process process)
    {
        try
        {
            if (!process.HasExited && LibC.kill(-process.Id, LibC.SIGKILL) != 0)
                process.Kill();
        }
        catch (InvalidOperationException)
        {
            // It has ended by itself.
        }
    }

    private static async Task<string> ReadAsync(
        StreamReader reader, Action<string>? onPiece, int maxChars)
    {
        var text = new StringBuilder();
        var buffer = new char[4096];
        while (await reader.ReadAsync(buffer) is var count and > 0)
        {
            onPiece?.Invoke(new string(buffer, 0, count));
            text.Append(buffer, 0, Math.Min(count, maxChars - text.Length));
        }

        return text.ToString();
    }
}
