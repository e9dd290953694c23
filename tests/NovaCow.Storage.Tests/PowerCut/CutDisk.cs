using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace NovaCow.Storage.Tests;

/// <summary>
/// A place for a store whose power can be cut: after <see cref="Cut"/> nothing that is done to it
/// counts, and <see cref="RestoreAsync"/> brings back what a disk would still have.
/// </summary>
internal abstract class CutDisk : IAsyncDisposable
{
    /// <summary>The folder above the store; another one after each restoring.</summary>
    public abstract string Folder { get; }

    public bool IsCut { get; protected set; }

    /// <summary>What a store that is watched works with.</summary>
    /// <param name="faults">Stands before each step.</param>
    /// <param name="forget">Which syncs, by their path, are left out: a mutation.</param>
    public abstract StoreFiles Files(FaultInjector faults, Func<string, bool> forget);

    /// <summary>From here on the disk keeps nothing. The second time does nothing.</summary>
    public abstract void Cut();

    /// <summary>Fails a step that comes after the cut, where the kernel would not.</summary>
    public virtual void Refuse(string step)
    {
    }

    /// <summary>The power is back; nothing may have a file open.</summary>
    public abstract Task RestoreAsync();

    public abstract ValueTask DisposeAsync();

    /// <summary>Where disks are kept: in memory where there is room, so that the machine's own
    /// disk is not waited for.</summary>
    protected static string Parent { get; } =
        Directory.Exists("/dev/shm") && new DriveInfo("/dev/shm").AvailableFreeSpace > 4L << 30
            ? "/dev/shm"
            : Path.GetTempPath();

    /// <summary>A folder whose name says which process it belongs to.</summary>
    protected static string MakeHome(string prefix) => Directory.CreateDirectory(
        Path.Combine(Parent, $"{prefix}{Environment.ProcessId}-{Guid.NewGuid():N}")).FullName;

    /// <summary>The folders that processes which are no more have left behind.</summary>
    protected static IEnumerable<string> Leftovers(string prefix) =>
        Directory.EnumerateDirectories(Parent, prefix + "*").Where(home =>
            int.TryParse(
                Path.GetFileName(home)[prefix.Length..].Split('-')[0],
                CultureInfo.InvariantCulture,
                out var pid)
            && !Directory.Exists($"/proc/{pid}"));
}

/// <summary>File operations that leave out chosen syncs, and tell of those that were done.
/// </summary>
internal sealed class WatchedFiles(
    Action<string, string> before, Func<string, bool> forget, Action<string>? synced)
    : StoreFiles(before)
{
    public override void Sync(SafeFileHandle file, string path)
    {
        if (forget(path))
        {
            Step("fsync", path);
            return;
        }

        base.Sync(file, path);
        synced?.Invoke(path);
    }
}
