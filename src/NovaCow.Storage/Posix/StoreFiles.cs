using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace NovaCow.Storage;

/// <summary>
/// Every change that the store makes to its file system goes through here, one system call a step,
/// so that a test can fail or stop it before any step. It blocks, and knows nothing of layout.
/// </summary>
/// <param name="before">Called with the operation and its path before each step.</param>
internal class StoreFiles(Action<string, string>? before = null)
{
    public const uint PrivateFile = 0x180, PrivateDirectory = 0x1C0, ReadOnlyFile = 0x100;

    /// <summary>Makes a directory for us alone; false when there is one.</summary>
    public bool MakeDirectory(string path)
    {
        Step("mkdir", path);
        if (LibC.mkdir(path, PrivateDirectory) == 0)
            return true;
        return Marshal.GetLastPInvokeError() == LibC.EEXIST
            ? false
            : throw StoreIoException.Last("mkdir", path);
    }

    /// <summary>Makes and opens a file for us alone; null when something has that name.</summary>
    public SafeFileHandle? TryCreate(string path)
    {
        Step("create", path);
        var flags = LibC.O_CREAT | LibC.O_EXCL | LibC.O_RDWR | LibC.O_CLOEXEC;
        var fd = LibC.open(path, flags, PrivateFile);
        if (fd >= 0)
            return new SafeFileHandle(fd, ownsHandle: true);
        return Marshal.GetLastPInvokeError() == LibC.EEXIST
            ? null
            : throw StoreIoException.Last("create", path);
    }

    /// <summary>Makes and opens a file that is not there yet.</summary>
    public SafeFileHandle Create(string path) =>
        TryCreate(path) ?? throw new StoreIoException("create", path, LibC.EEXIST);

    public SafeFileHandle OpenToWrite(string path) => Open(path, LibC.O_RDWR | LibC.O_NOFOLLOW);

    public SafeFileHandle OpenToRead(string path) => Open(path, LibC.O_RDONLY | LibC.O_NOFOLLOW);

    public unsafe void Write(
        SafeFileHandle file, string path, ReadOnlySpan<byte> bytes, long offset)
    {
        Step("write", path);
        fixed (byte* first = bytes)
        {
            for (var done = 0; done < bytes.Length;)
            {
                var wrote = LibC.pwrite(
                    file, first + done, (nuint)(bytes.Length - done), offset + done);
                if (wrote < 0 && Marshal.GetLastPInvokeError() != LibC.EINTR)
                    throw StoreIoException.Last("write", path);
                done += (int)Math.Max(wrote, 0);
            }
        }
    }

    public void SetLength(SafeFileHandle file, string path, long length)
    {
        Step("truncate", path);
        Check(LibC.ftruncate(file, length), "truncate", path);
    }

    /// <summary>Gives blocks back; false where the file system cannot: the file keeps them, with
    /// what is in them.</summary>
    public bool PunchHole(SafeFileHandle file, string path, long offset, long length)
    {
        Step("punch", path);
        const int mode = LibC.FALLOC_FL_PUNCH_HOLE | LibC.FALLOC_FL_KEEP_SIZE;
        if (LibC.fallocate(file, mode, offset, length) == 0)
            return true;
        return Marshal.GetLastPInvokeError() == LibC.EOPNOTSUPP
            ? false
            : throw StoreIoException.Last("punch", path);
    }

    /// <summary>Lets an empty file share all blocks of another, which may be read-only and even
    /// immutable.</summary>
    public void Clone(SafeFileHandle source, SafeFileHandle file, string path)
    {
        Step("clone", path);
        Check(LibC.ioctl(file, LibC.FICLONE, source.DangerousGetHandle()), "clone", path);

        // A file system over another (FUSE, network) may say yes and do less.
        if (StoreFiles.Length(file) != StoreFiles.Length(source))
            throw new StoreIoException("clone", path, LibC.EIO);
    }

    /// <summary>Begins to bring a range to the disk, and does not wait.</summary>
    public void StartSync(SafeFileHandle file, string path, (long Offset, long Length) range)
    {
        Step("writeback", path);
        Check(
            LibC.sync_file_range(file, range.Offset, range.Length, LibC.SYNC_FILE_RANGE_WRITE),
            "writeback",
            path);
    }

    /// <summary>Waits until a range's bytes are on the disk, and takes them out of memory. What
    /// finds them again is not synced. A failure counts as one of <see cref="Sync"/>.</summary>
    public void FinishSync(SafeFileHandle file, string path, (long Offset, long Length) range)
    {
        Step("writeback", path);
        Check(
            LibC.sync_file_range(file, range.Offset, range.Length, LibC.SYNC_FILE_RANGE_WHOLE),
            "writeback",
            path);
        _ = LibC.posix_fadvise(file, range.Offset, range.Length, LibC.POSIX_FADV_DONTNEED);
    }

    public unsafe void SetAttribute(
        SafeFileHandle file, string path, string name, ReadOnlySpan<byte> value)
    {
        Step("setxattr", path);
        fixed (byte* first = value)
            Check(LibC.fsetxattr(file, name, first, (nuint)value.Length, 0), "setxattr", path);
    }

    /// <summary>Null when it has none, or a longer one.</summary>
    public static unsafe byte[]? GetAttribute(SafeFileHandle file, string name, int maxBytes)
    {
        var value = new byte[maxBytes];
        fixed (byte* first = value)
        {
            var length = LibC.fgetxattr(file, name, first, (nuint)maxBytes);
            return length < 0 ? null : value[..(int)length];
        }
    }

    /// <summary>Never to be tried again on the same file: after a failure the kernel calls the
    /// lost pages clean.</summary>
    public virtual void Sync(SafeFileHandle file, string path)
    {
        Step("fsync", path);
        Check(LibC.fsync(file), "fsync", path);
    }

    /// <summary>Promises the names in a directory.</summary>
    /// <remarks>XFS that has shut down after an error says of a directory that it is synced; to
    /// look at it then fails.</remarks>
    public void SyncDirectory(string path)
    {
        using var directory = Open(path, LibC.O_RDONLY | LibC.O_DIRECTORY);
        Sync(directory, path);
        _ = Stat(directory, path);
    }

    public void Rename(string from, string to)
    {
        Step("rename", to);
        Check(LibC.rename(from, to), "rename", to);
    }

    /// <summary>Lets two files of one file system take each other's name, in one step.</summary>
    public void Exchange(string one, string other)
    {
        Step("exchange", other);
        Check(
            LibC.renameat2(LibC.AT_FDCWD, one, LibC.AT_FDCWD, other, LibC.RENAME_EXCHANGE),
            "exchange",
            other);
    }

    /// <summary>Gives a file a second name; false where that cannot be.</summary>
    public bool TryLink(string from, string to)
    {
        Step("link", to);
        if (LibC.link(from, to) == 0)
            return true;
        return Marshal.GetLastPInvokeError() is LibC.EXDEV or LibC.EPERM or LibC.EMLINK
            ? false
            : throw StoreIoException.Last("link", to);
    }

    public void SetMode(string path, uint mode)
    {
        Step("chmod", path);
        Check(LibC.chmod(path, mode), "chmod", path);
    }

    public void SetOwner(string path, uint uid, uint gid)
    {
        Step("chown", path);
        Check(LibC.lchown(path, uid, gid), "chown", path);
    }

    /// <summary>False when there was no such file.</summary>
    public bool Delete(string path)
    {
        Step("unlink", path);
        if (LibC.unlink(path) == 0)
            return true;
        return Marshal.GetLastPInvokeError() == LibC.ENOENT
            ? false
            : throw StoreIoException.Last("unlink", path);
    }

    /// <summary>False when it is not empty or not there.</summary>
    public bool DeleteEmptyDirectory(string path)
    {
        Step("rmdir", path);
        if (LibC.rmdir(path) == 0)
            return true;
        return Marshal.GetLastPInvokeError() is LibC.ENOENT or LibC.ENOTEMPTY or LibC.EEXIST
            ? false
            : throw StoreIoException.Last("rmdir", path);
    }

    /// <summary>Removes a directory of ours with all that is in it; follows no links.</summary>
    public void DeleteTree(string path)
    {
        if (!TryStat(path, out var stat))
            return;
        if (!stat.IsDirectory)
        {
            Delete(path);
            return;
        }

        foreach (var entry in Directory.EnumerateFileSystemEntries(path))
            DeleteTree(entry);
        DeleteEmptyDirectory(path);
    }

    /// <summary>Tells a test that something other than a file operation is about to happen.
    /// </summary>
    public void Step(string operation, string path) => before?.Invoke(operation, path);

    /// <summary>What a path is, without following a link; false when it is not there.</summary>
    public static bool TryStat(string path, out LibC.Statx stat)
    {
        var flags = LibC.AT_SYMLINK_NOFOLLOW;
        if (LibC.statx(LibC.AT_FDCWD, path, flags, LibC.StatxBasic, out stat) == 0)
            return true;
        return Marshal.GetLastPInvokeError() is LibC.ENOENT or LibC.ENOTDIR
            ? false
            : throw StoreIoException.Last("stat", path);
    }

    /// <summary>The framework's own way calls a file on a file system that has shut down one that
    /// cannot be sought in.</summary>
    public static long Length(SafeFileHandle file) => Stat(file, "an open file").Size;

    public static LibC.Statx Stat(SafeFileHandle file, string path)
    {
        var fd = (int)file.DangerousGetHandle();
        var result = LibC.statx(fd, "", LibC.AT_EMPTY_PATH, LibC.StatxBasic, out var stat);
        Check(result, "stat", path);
        return stat;
    }

    /// <summary>
    /// Opens for reading what is not of this store: a regular file, or a folder, to whose path no
    /// link belongs. Null and why when it cannot be opened or is something else.
    /// </summary>
    public static unsafe SafeFileHandle? TryOpenWithoutLinks(
        string path, bool isFolder, out string problem)
    {
        // Not to wait for the other end, should it be a pipe.
        var flags = LibC.O_RDONLY | LibC.O_CLOEXEC | LibC.O_NONBLOCK;
        var how = new LibC.OpenHow
        {
            Flags = (ulong)(uint)(isFolder ? flags | LibC.O_DIRECTORY : flags),
            Resolve = LibC.RESOLVE_NO_SYMLINKS | LibC.RESOLVE_NO_MAGICLINKS,
        };
        var fd = LibC.syscall(
            LibC.SYS_openat2, LibC.AT_FDCWD, path, &how, sizeof(LibC.OpenHow));
        problem = "";
        if (fd < 0)
        {
            var error = Marshal.GetLastPInvokeError();
            problem = error == LibC.ELOOP
                ? "a symbolic link is on its path"
                : Marshal.GetPInvokeErrorMessage(error);
            return null;
        }

        var file = new SafeFileHandle((nint)fd, ownsHandle: true);
        var stat = Stat(file, path);
        if (isFolder ? stat.IsDirectory : stat.IsFile)
            return file;
        problem = "is no regular file";
        file.Dispose();
        return null;
    }

    private static SafeFileHandle Open(string path, int flags)
    {
        var fd = LibC.open(path, flags | LibC.O_CLOEXEC, 0);
        return fd >= 0
            ? new SafeFileHandle(fd, ownsHandle: true)
            : throw StoreIoException.Last("open", path);
    }

    private static void Check(int result, string operation, string path)
    {
        if (result != 0)
            throw StoreIoException.Last(operation, path);
    }
}
