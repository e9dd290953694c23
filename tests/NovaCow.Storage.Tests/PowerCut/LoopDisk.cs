namespace NovaCow.Storage.Tests;

/// <summary>
/// A real file system in an image file, mounted for one test. Its power is cut by a shutdown that
/// does not flush its log; mounting it again recovers it. Needs root.
/// </summary>
internal sealed class LoopDisk : CutDisk
{
    private const string Prefix = "novacow-cut-";
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly Lock _gate = new();
    private readonly string _home;
    private readonly string _type;
    private bool _isMounted;

    private LoopDisk(string home, string type) => (_home, _type) = (home, type);

    public override string Folder => Path.Combine(_home, "mount");

    private string Image => Path.Combine(_home, "image");

    /// <summary>The least that mkfs takes for XFS, and for ext4 64 MiB.</summary>
    public static long SmallestBytes(string type) =>
        (type == "xfs" ? 300 : 64) * TestImages.MiB;

    /// <summary>Makes and mounts one; skips the test where that cannot be.</summary>
    /// <param name="type">xfs or ext4.</param>
    /// <param name="bytes">Its size.</param>
    public static async Task<LoopDisk> MakeAsync(string type, long bytes)
    {
        TestTool.Need($"mkfs.{type}", "mount", "umount", "xfs_io");
        if (LibC.geteuid() != 0)
            Assert.Skip("only root may mount a file system");
        await RemoveLeftoversAsync();
        var disk = new LoopDisk(MakeHome(Prefix), type);
        Directory.CreateDirectory(disk.Folder);
        await using (var file = File.Create(disk.Image))
            file.SetLength(bytes);
        string[] options = type == "xfs" ? ["-m", "reflink=1"] : ["-F"];
        await TestTool.RunAsync($"mkfs.{type}", ["-q", .. options, disk.Image]);
        var error = await disk.TryMountAsync();
        if (error.Length > 0)
        {
            await disk.DisposeAsync();
            Assert.Skip($"no {type} may be mounted from a file here: {error}");
        }

        return disk;
    }

    public override StoreFiles Files(FaultInjector faults, Func<string, bool> forget) =>
        new WatchedFiles(faults.Before, forget, synced: null);

    public override void Cut()
    {
        lock (_gate)
        {
            if (IsCut)
                return;
            TestTool.RunAsync("xfs_io", "-x", "-c", "shutdown", Folder).GetAwaiter().GetResult();
            IsCut = true;
        }
    }

    public override async Task RestoreAsync()
    {
        await UnmountAsync();
        var error = await TryMountAsync();
        Assert.True(error.Length == 0, $"{_type} cannot be mounted after the cut: {error}");
        IsCut = false;
    }

    public override async ValueTask DisposeAsync()
    {
        // A test that failed may still have files open; the folder goes, the rest follows later.
        if (_isMounted && (await TestTool.TryRunAsync("umount", Folder)).Code != 0)
            await TestTool.RunAsync("umount", "-l", Folder);
        Directory.Delete(_home, recursive: true);
    }

    // noauto_da_alloc: without the kernel's own mercy for those who forget to sync.
    private async Task<string> TryMountAsync()
    {
        var options = _type == "ext4" ? "loop,noauto_da_alloc" : "loop";
        var (code, _, error) = await TestTool.TryRunAsync(
            "mount", "-t", _type, "-o", options, Image, Folder);
        _isMounted = code == 0;
        return code == 0 ? "" : $"mount failed with {code}: {error.Trim()}";
    }

    private async Task UnmountAsync()
    {
        if (!_isMounted)
            return;
        await UnmountAsync(Folder);
        _isMounted = false;
    }

    /// <summary>A tool that was ended may still be on its way out of the folder.</summary>
    private static async Task UnmountAsync(string folder)
    {
        using var late = new CancellationTokenSource(s_patience);
        while (true)
        {
            var (code, _, error) = await TestTool.TryRunAsync("umount", folder);
            if (code == 0)
                return;
            Assert.False(late.IsCancellationRequested, $"{folder} stays mounted: {error}");
            await Task.Delay(20);
        }
    }

    /// <summary>What a run that was killed has left: the names say whose it was.</summary>
    private static async Task RemoveLeftoversAsync()
    {
        foreach (var home in Leftovers(Prefix))
        {
            await TestTool.TryRunAsync("umount", "-l", Path.Combine(home, "mount"));
            try
            {
                Directory.Delete(home, recursive: true);
            }
            catch (DirectoryNotFoundException)
            {
                // Another test removes it at the same time.
            }
        }
    }
}
