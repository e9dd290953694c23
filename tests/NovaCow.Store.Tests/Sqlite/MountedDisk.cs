using System.ComponentModel;
using System.Diagnostics;

namespace NovaCow.Store.Tests.Sqlite;

/// <summary>A file system of a test's own, so that it can be filled or lose its power. Needs root.
/// </summary>
internal sealed class MountedDisk : IDisposable
{
    private readonly string _path;
    private readonly string[] _mount;

    private MountedDisk(string path, params string[] mount)
    {
        _path = path;
        _mount = [.. mount, path];
        Directory.CreateDirectory(path);
        if (Run("mount", _mount) != 0) Assert.Skip("mounting a file system needs root");
    }

    public string File(string name) => Path.Combine(_path, name);

    /// <summary>One in memory, small enough to fill.</summary>
    public static MountedDisk InMemoryOrSkip(string path, int megabytes) =>
        new(path, "-t", "tmpfs", "-o", $"size={megabytes}m", "tmpfs");

    /// <summary>An XFS in a sparse file.</summary>
    public static MountedDisk XfsOrSkip(string path)
    {
        var image = path + ".img";
        using (var file = System.IO.File.Create(image)) file.SetLength(400 << 20);
        if (Run("mkfs.xfs", "-q", image) != 0) Assert.Skip("mkfs.xfs is needed (xfsprogs)");
        return new MountedDisk(path, "-o", "loop", image);
    }

    /// <summary>From now on nothing reaches the disk: what was not synced is lost, and all that
    /// use it get errors.</summary>
    public void CutPower() =>
        Assert.Equal(0, Run("xfs_io", "-x", "-c", "shutdown", _path));

    /// <summary>Mounts again, which repairs it from its journal as after a boot.</summary>
    public void Restart()
    {
        Unmount();
        Assert.Equal(0, Run("mount", _mount));
    }

    public void Dispose() => Unmount();

    /// <summary>Another test that just starts a process has for a moment two copies of all that is
    /// open, so what is closed can still be busy.</summary>
    private void Unmount()
    {
        var start = Stopwatch.GetTimestamp();
        while (Run("umount", "-q", _path) != 0)
        {
            if (Stopwatch.GetElapsedTime(start) > TimeSpan.FromSeconds(30))
                throw new InvalidOperationException($"{_path} stays busy: umount it");
            Thread.Sleep(20);
        }
    }

    private static int Run(string program, params string[] words)
    {
        try
        {
            using var process = Process.Start(program, words);
            process.WaitForExit();
            return process.ExitCode;
        }
        catch (Win32Exception)
        {
            return -1;
        }
    }
}
