using System.Diagnostics;

namespace NovaCow.Benchmarks.Storage;

/// <summary>
/// The usual way to make a clone: a <c>qemu-img create</c> process for each, so many at a time. It
/// syncs nothing.
/// </summary>
internal sealed class QemuImgPeer(string backingFile, string folder)
{
    private int _next;

    /// <summary>Clones a second over this many, made by this many starters.</summary>
    public double Measure(int count, int width)
    {
        var last = _next + count;
        var clock = Stopwatch.StartNew();
        var threads = Enumerable.Range(0, width).Select(_ => new Thread(() =>
        {
            for (int i; (i = Interlocked.Increment(ref _next)) <= last;)
                Create(Path.Combine(folder, $"peer-{i}.qcow2"));
        })).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
        _next = last;
        return count / clock.Elapsed.TotalSeconds;
    }

    private void Create(string path)
    {
        string[] arguments = ["create", "-q", "-f", "qcow2", "-b", backingFile, "-F", "raw", path];
        using var process = Process.Start("qemu-img", arguments);
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"qemu-img create failed with {process.ExitCode}");
    }
}
