using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>
/// A disk's file, opened for a change while nobody else has it open: no hypervisor, no tool, no
/// loop device. Whoever opens it meanwhile waits in the kernel until this is disposed, and
/// <see cref="Check"/> fails, so that the change gives up.
/// </summary>
/// <remarks>
/// It is a lease of the kernel's, which XFS, ext4, btrfs and tmpfs have. One that only reads lets
/// others read, too, once it has it. Where there are no leases (NFS), or the file is another
/// user's, it is a lock of the kind that qemu takes on bytes 100 to 299 of its images: then only
/// qemu is noticed, and kept away.
/// </remarks>
internal sealed class DiskLease : IDisposable
{
    private const long QemuLocksFrom = 100, QemuLocks = 200, QemuUnsharedWrites = 201;

    private readonly string _path;
    private readonly short? _lease;

    private DiskLease(SafeFileHandle file, string path, short? lease) =>
        (File, _path, _lease) = (file, path, lease);

    public SafeFileHandle File { get; }

    /// <summary>Whether still nobody has tried to open it.</summary>
    public bool IsAlone => _lease is null || LibC.fcntl(File, LibC.F_GETLEASE, 0) == _lease;

    /// <param name="file">The open file; it is disposed with this, also on failure. No other
    /// handle to it may be open.</param>
    /// <param name="path">How it is called in errors.</param>
    /// <param name="isWritable">Whether it is open for writing.</param>
    /// <param name="hasLeases">False: as where there are none.</param>
    /// <exception cref="PortException">It is in use.</exception>
    public static DiskLease Take(
        SafeFileHandle file, string path, bool isWritable, bool hasLeases = true) =>
        Take(() => TryTake(file, path, isWritable, hasLeases), file, path, Thread.Sleep);

    /// <param name="file">As above.</param>
    /// <param name="path">As above.</param>
    /// <param name="isWritable">As above.</param>
    /// <param name="pause">Lets so much time pass.</param>
    /// <exception cref="PortException">It stayed in use.</exception>
    internal static DiskLease Take(
        SafeFileHandle file, string path, bool isWritable, Action<TimeSpan> pause) =>
        Take(() => TryTake(file, path, isWritable, hasLeases: true), file, path, pause);

    /// <summary>Takes both the lock and the lease: for a file that processes on other machines may
    /// have open, of whom a lease knows nothing.</summary>
    /// <param name="file">The file, open for reading; it is disposed with this, also on failure.
    /// </param>
    /// <param name="path">How it is called in errors.</param>
    /// <exception cref="PortException">It is in use.</exception>
    public static DiskLease TakeOfOtherHost(SafeFileHandle file, string path)
    {
        Take(() => TryLock(file, path), file, path, Thread.Sleep);
        return Take(file, path, isWritable: false);
    }

    /// <exception cref="PortException">Somebody has begun to open it.</exception>
    public void Check()
    {
        if (!IsAlone)
            throw InUse(_path);
    }

    public void Dispose() => File.Dispose();

    public static PortException InUse(string path) => PortException.Final(
        LaunchErrorCode.InvalidRequest,
        $"{path} is in use by another process, and was left as it is; "
            + "stop the instance, or whatever has it open, and try again");

    private static DiskLease Take(
        Func<DiskLease?> tryTake, SafeFileHandle file, string path, Action<TimeSpan> pause)
    {
        try
        {
            DiskLease? lease = null;
            return LockPatience.Takes(() => (lease = tryTake()) is not null, pause)
                ? lease!
                : throw InUse(path);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static DiskLease? TryTake(
        SafeFileHandle file, string path, bool isWritable, bool hasLeases)
    {
        // The signal that tells of an opener would end this process; this one is ignored.
        if (!hasLeases || LibC.fcntl(file, LibC.F_SETSIG, LibC.SIGURG) != 0)
            return TryLock(file, path);
        if (LibC.fcntl(file, LibC.F_SETLEASE, LibC.F_WRLCK) != 0)
            return Marshal.GetLastPInvokeError() == LibC.EAGAIN ? null : TryLock(file, path);
        if (isWritable)
            return new DiskLease(file, path, LibC.F_WRLCK);
        return LibC.fcntl(file, LibC.F_SETLEASE, LibC.F_RDLCK) == 0
            ? new DiskLease(file, path, LibC.F_RDLCK)
            : null;
    }

    private static DiskLease? TryLock(SafeFileHandle file, string path)
    {
        var any = new LibC.FileLock
        {
            Type = LibC.F_WRLCK,
            Start = QemuLocksFrom,
            Length = QemuLocks,
        };
        if (LibC.fcntl(file, LibC.F_OFD_GETLK, ref any) != 0)
            throw StoreIoException.Last("lock", path);
        if (any.Type != LibC.F_UNLCK)
            return null;
        var writers = new LibC.FileLock
        {
            Type = LibC.F_RDLCK,
            Start = QemuUnsharedWrites,
            Length = 3,
        };
        if (LibC.fcntl(file, LibC.F_OFD_SETLK, ref writers) == 0)
            return new DiskLease(file, path, null);
        return Marshal.GetLastPInvokeError() is LibC.EAGAIN or LibC.EACCES
            ? null
            : throw StoreIoException.Last("lock", path);
    }
}
