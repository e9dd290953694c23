namespace NovaCow.Storage.Tests;

/// <summary>
/// A file system of its own in a sparse file, mounted through a loop device for as long as this
/// lives. What a killed run left behind is known by its name and the lock that nobody holds any
/// more, and is removed before the first one is made.
/// </summary>
/// <remarks>Needs root; see <see cref="WhyNot"/>.</remarks>
internal sealed class LoopMount : IAsyncDisposable
{
    private const string Prefix = "novacow-loop-";
    private const int Attempts = 50;
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(100);
    private static readonly Lazy<Task> s_swept = new(SweepAsync);

    private readonly string _folder;
    private readonly FileStream _lock;

    private LoopMount(LoopFileSystem kind, string folder, FileStream held) =>
        (Kind, _folder, _lock) = (kind, folder, held);

    public LoopFileSystem Kind { get; }

    /// <summary>Where it is mounted.</summary>
    public string Path => System.IO.Path.Combine(_folder, "mount");

    private string Image => System.IO.Path.Combine(_folder, "image");

    /// <summary>Why none can be made here; null when one can.</summary>
    public static string? WhyNot(LoopFileSystem kind)
    {
        string[] tools = [kind.Maker, "mount", "umount", "losetup"];
        if (!string.Equals(Environment.UserName, "root", StringComparison.Ordinal))
            return "mounting a file system needs root";
        if (!File.Exists("/dev/loop-control"))
            return "this machine has no loop devices";
        return tools.FirstOrDefault(tool => !Command.Has(tool)) is { } missing
            ? $"{missing} is not installed"
            : null;
    }

    /// <summary>Makes and mounts one.</summary>
    /// <param name="kind">Which.</param>
    /// <param name="bytes">Its size; 0 is the smallest that suits its kind.</param>
    public static async Task<LoopMount> MakeAsync(LoopFileSystem kind, long bytes = 0)
    {
        await s_swept.Value;
        var folder = System.IO.Path.Combine(
            System.IO.Path.GetTempPath(), $"{Prefix}{Guid.NewGuid():N}");
        Directory.CreateDirectory(folder);
        var mount = new LoopMount(kind, folder, Hold(folder));
        try
        {
            Directory.CreateDirectory(mount.Path);
            await using (var image = File.Create(mount.Image))
                image.SetLength(Math.Max(bytes, kind.LeastBytes));
            await Command.RunAsync(kind.Maker, [.. kind.Arguments, mount.Image]);
            await mount.MountAsync();
            return mount;
        }
        catch
        {
            await mount.DisposeAsync();
            throw;
        }
    }

    /// <summary>Mounts it after <see cref="UnmountAsync"/>; what its log holds is recovered.
    /// </summary>
    public Task MountAsync() => Command.RunAsync("mount", "-o", "loop", Image, Path);

    public Task UnmountAsync() => UnmountAsync(Path);

    public async ValueTask DisposeAsync()
    {
        await RemoveAsync(_folder);
        await _lock.DisposeAsync();
        File.Delete(LockOf(_folder));
    }

    /// <summary>Leaves it behind as a run does that is killed.</summary>
    public void Abandon() => _lock.Dispose();

    /// <summary>Removes what runs that were killed have left.</summary>
    public static async Task SweepAsync()
    {
        var pattern = $"{Prefix}*.lock";
        foreach (var path in Directory.EnumerateFiles(System.IO.Path.GetTempPath(), pattern))
        {
            try
            {
                await using var held = File.Open(path, FileMode.Open, FileAccess.ReadWrite);
                await RemoveAsync(path[..^".lock".Length]);
                File.Delete(path);
            }
            catch (IOException)
            {
                // Its run is still going on, or another removes it right now.
            }
        }
    }

    /// <summary>Locks a folder against the sweep, which finds the lock once it is held: a file is
    /// there a moment before it is locked, and in that moment it would be taken for abandoned.
    /// </summary>
    internal static FileStream Hold(string folder)
    {
        var held = File.Create(folder + ".new");
        File.Move(held.Name, LockOf(folder));
        return held;
    }

    private static string LockOf(string folder) => folder + ".lock";

    private static async Task RemoveAsync(string folder)
    {
        if (!Directory.Exists(folder))
            return;
        var mount = System.IO.Path.Combine(folder, "mount");
        if (IsMounted(mount))
            await UnmountAsync(mount);
        var image = System.IO.Path.Combine(folder, "image");
        var devices = await Command.TryRunAsync("losetup", "-n", "-O", "NAME", "-j", image);
        foreach (var device in devices.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            await Command.TryRunAsync("losetup", "-d", device.Trim());
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>A file may be open for a moment after its process has ended.</summary>
    private static async Task UnmountAsync(string path)
    {
        for (var attempt = 1; ; attempt++)
        {
            var (code, _, error) = await Command.TryRunAsync("umount", path);
            if (code == 0 || !IsMounted(path))
                return;
            if (attempt == Attempts)
                throw new InvalidOperationException($"umount {path} failed: {error.Trim()}");
            await Task.Delay(s_pause);
        }
    }

    private static bool IsMounted(string path) =>
        File.ReadLines("/proc/self/mounts").Any(line => line.Split(' ')[1] == path);
}

/// <summary>How one kind of file system is made.</summary>
/// <param name="Name">Its name, as mount says it.</param>
/// <param name="Maker">The tool that makes it.</param>
/// <param name="Arguments">What that is told, before the file.</param>
/// <param name="LeastBytes">The smallest that works well.</param>
internal sealed record LoopFileSystem(
    string Name, string Maker, string[] Arguments, long LeastBytes)
{
    private const long MiB = 1 << 20;

    public static LoopFileSystem Xfs { get; } =
        new("xfs", "mkfs.xfs", ["-q", "-m", "reflink=1"], 320 * MiB);

    public static LoopFileSystem Btrfs { get; } = new("btrfs", "mkfs.btrfs", ["-q"], 256 * MiB);

    /// <summary>btrfs whose data and metadata share their room, so that it can be filled.</summary>
    public static LoopFileSystem MixedBtrfs { get; } =
        new("btrfs", "mkfs.btrfs", ["-q", "--mixed"], 64 * MiB);

    public static LoopFileSystem Ext4 { get; } =
        new("ext4", "mkfs.ext4", ["-q", "-F"], 64 * MiB);
}
