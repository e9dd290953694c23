using System.Diagnostics;

namespace NovaCow.Store.Tests;

/// <summary>This program once more, as another process, doing a <see cref="ChildJobs"/> job.
/// </summary>
internal sealed class ChildProcess : IDisposable
{
    private readonly Process _process;

    public ChildProcess(params string[] job)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };

        // A killed runtime leaves the pipes of its debugger behind.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        // Some runners load the tests into `dotnet` itself.
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            start.ArgumentList.Add(typeof(ChildProcess).Assembly.Location);
        foreach (var word in (string[])["--child", .. job]) start.ArgumentList.Add(word);
        _process = Process.Start(start)!;
    }

    public StreamReader Output => _process.StandardOutput;

    /// <summary>Ends it as `kill -9` does.</summary>
    public void Kill() => _process.Kill();

    /// <summary>Waits until it has ended of itself.</summary>
    public async Task<int> ExitAsync(CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken);
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.Dispose();
    }
}
