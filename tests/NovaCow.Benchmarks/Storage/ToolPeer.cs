using System.Diagnostics;

namespace NovaCow.Benchmarks.Storage;

/// <summary>
/// The usual way to make a clone: a process of a tool for each, so many at a time, started by
/// xargs, which starts them in a fraction of the time that .NET takes. It syncs nothing.
/// </summary>
/// <param name="command">The tool and what it is told, before the name of the new file.</param>
/// <param name="folder">Where the new files are.</param>
internal sealed class ToolPeer(string[] command, string folder)
{
    private int _next;

    /// <summary>The usual tool of a driver.</summary>
    public static ToolPeer Of(string driver, string baseFile, string folder) => new(
        driver switch
        {
            "qcow2" => ["qemu-img", "create", "-q", "-f", "qcow2", "-b", baseFile, "-F", "raw"],
            "reflink" => ["cp", "--reflink=always", baseFile],
            _ => ["cp", "--reflink=never", "--sparse=always", baseFile],
        },
        Directory.CreateDirectory(folder).FullName);

    /// <summary>Its first words.</summary>
    public string Name => string.Join(" ", command.Take(2));

    /// <summary>Clones a second over this many, with this many processes at a time.</summary>
    public double Measure(int count, int width)
    {
        var start = new ProcessStartInfo("xargs")
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
        };
        foreach (var argument in (string[])["-P", $"{width}", "-n", "1", .. command])
            start.ArgumentList.Add(argument);
        var names = string.Concat(
            Enumerable.Range(0, count).Select(_ => $"{folder}/peer-{_next++}\n"));
        var clock = Stopwatch.StartNew();
        using var process = Process.Start(start)!;
        process.StandardInput.Write(names);
        process.StandardInput.Close();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{command[0]} failed: {process.ExitCode}");
        return count / clock.Elapsed.TotalSeconds;
    }

    /// <summary>Removes all that it made.</summary>
    public void Clear()
    {
        Directory.Delete(folder, recursive: true);
        Directory.CreateDirectory(folder);
    }
}
