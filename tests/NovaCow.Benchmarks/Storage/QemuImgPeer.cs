using System.Diagnostics;

namespace NovaCow.Benchmarks.Storage;

/// <summary>
/// The usual way to make a clone: a <c>qemu-img create</c> process for each, so many at a time,
/// started by xargs, which starts them in a fraction of the time that .NET takes. It syncs nothing.
/// </summary>
internal sealed class QemuImgPeer(string backingFile, string folder)
{
    private int _next;

    /// <summary>Clones a second over this many, with this many processes at a time.</summary>
    public double Measure(int count, int width)
    {
        var start = new ProcessStartInfo("xargs")
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
        };
        string[] arguments =
        [
            "-P", $"{width}", "-n", "1",
            "qemu-img", "create", "-q", "-f", "qcow2", "-b", backingFile, "-F", "raw",
        ];
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        var names = string.Concat(
            Enumerable.Range(0, count).Select(_ => $"{folder}/peer-{_next++}.qcow2\n"));
        var clock = Stopwatch.StartNew();
        using var process = Process.Start(start)!;
        process.StandardInput.Write(names);
        process.StandardInput.Close();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"qemu-img create failed: {process.ExitCode}");
        return count / clock.Elapsed.TotalSeconds;
    }
}
