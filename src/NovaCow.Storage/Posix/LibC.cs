using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace NovaCow.Storage;

/// <summary>The system calls that the store needs and the framework does not offer.</summary>
internal static partial class LibC
{
    public const int EPERM = 1, ENOENT = 2, EIO = 5, EEXIST = 17, EXDEV = 18, ENOTDIR = 20;
    public const int EINTR = 4, EAGAIN = 11, EACCES = 13, EINVAL = 22, ENOSPC = 28, EROFS = 30;
    public const int ENOTEMPTY = 39, ELOOP = 40, EDQUOT = 122, EMLINK = 31, ENOTTY = 25;
    public const int EOPNOTSUPP = 95, ESRCH = 3, EFBIG = 27, ENOLCK = 37;
    public const int ENXIO = 6, EBUSY = 16;

    public const int O_RDONLY = 0, O_WRONLY = 1, O_RDWR = 2;
    public const int O_CREAT = 0x40, O_EXCL = 0x80, O_NONBLOCK = 0x800, O_CLOEXEC = 0x80000;

    // The number is the same on every processor, as of all system calls of late.
    public const nint SYS_openat2 = 437;
    public const ulong RESOLVE_NO_MAGICLINKS = 2, RESOLVE_NO_SYMLINKS = 4;

    public const int LOCK_SH = 1, LOCK_EX = 2, LOCK_NB = 4, LOCK_UN = 8;
    public const int SIGKILL = 9, SIGURG = 23;
    public const int F_SETSIG = 10, F_SETLEASE = 1024, F_GETLEASE = 1025;
    public const int F_OFD_GETLK = 36, F_OFD_SETLK = 37;
    public const short F_RDLCK = 0, F_WRLCK = 1, F_UNLCK = 2;
    public const int FALLOC_FL_KEEP_SIZE = 1, FALLOC_FL_PUNCH_HOLE = 2;
    public const int SEEK_DATA = 3, SEEK_HOLE = 4;
    public const uint RENAME_EXCHANGE = 2;
    public const uint StatxBasic = 0x7ff;
    public const int AT_FDCWD = -100, AT_SYMLINK_NOFOLLOW = 0x100, AT_EMPTY_PATH = 0x1000;
    public const nuint FICLONE = 0x40049409, FS_IOC_FIEMAP = 0xC020660B;
    public const int POSIX_FADV_SEQUENTIAL = 2, POSIX_FADV_DONTNEED = 4;
    public const uint SYNC_FILE_RANGE_WRITE = 2, SYNC_FILE_RANGE_WHOLE = 7;
    public const nuint FIDEDUPERANGE = 0xC0189436;

    // These two are the flags whose values differ between the processors.
    public static readonly int O_DIRECTORY = IsArm ? 0x4000 : 0x10000;
    public static readonly int O_NOFOLLOW = IsArm ? 0x8000 : 0x20000;

    private static bool IsArm =>
        RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm;

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int open(string path, int flags, uint mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static unsafe partial nint syscall(
        nint number, nint folder, string path, OpenHow* how, nint size);

    [LibraryImport("libc", SetLastError = true)]
    public static unsafe partial nint pwrite(
        SafeFileHandle file, byte* bytes, nuint count, long offset);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int ftruncate(SafeFileHandle file, long length);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fallocate(SafeFileHandle file, int mode, long offset, long length);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int sync_file_range(
        SafeFileHandle file, long offset, long length, uint flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static unsafe partial int fsetxattr(
        SafeFileHandle file, string name, byte* value, nuint length, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static unsafe partial nint fgetxattr(
        SafeFileHandle file, string name, byte* value, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    public static partial long lseek(SafeFileHandle file, long offset, int whence);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fsync(SafeFileHandle file);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int flock(SafeFileHandle file, int operation);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int mkdir(string path, uint mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int rmdir(string path);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int unlink(string path);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int rename(string from, string to);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int renameat2(
        int fromDirectory, string from, int toDirectory, string to, uint flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fcntl(SafeFileHandle file, int command, nint argument);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fcntl(SafeFileHandle file, int command, ref FileLock argument);

    /// <summary>Returns the error instead of setting it.</summary>
    [LibraryImport("libc")]
    public static partial int posix_fadvise(
        SafeFileHandle file, long offset, long length, int advice);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int link(string from, string to);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int chmod(string path, uint mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int lchown(string path, uint uid, uint gid);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int statx(
        int directory, string path, int flags, uint mask, out Statx result);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int ioctl(SafeFileHandle file, nuint request, nint argument);

    [LibraryImport("libc", SetLastError = true)]
    public static unsafe partial int ioctl(SafeFileHandle file, nuint request, void* argument);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int kill(int pid, int signal);

    [LibraryImport("libc")]
    public static partial uint geteuid();

    [LibraryImport("libc")]
    public static partial uint getegid();

    /// <summary>The kernel's struct flock on 64-bit processors.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct FileLock
    {
        public short Type;
        public short Whence;
        public long Start;
        public long Length;
        public int Process;
    }

    /// <summary>The kernel's statx, whose layout is the same on every processor.</summary>
    /// <summary>struct open_how.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct OpenHow
    {
        public ulong Flags;
        public ulong Mode;
        public ulong Resolve;
    }

    [StructLayout(LayoutKind.Explicit, Size = 256)]
    public struct Statx
    {
        [FieldOffset(16)]
        public uint LinkCount;

        [FieldOffset(20)]
        public uint Uid;

        [FieldOffset(24)]
        public uint Gid;

        [FieldOffset(28)]
        public ushort Mode;

        [FieldOffset(32)]
        public ulong Inode;

        [FieldOffset(40)]
        public long Size;

        [FieldOffset(48)]
        public long Blocks;

        /// <summary>Its file system, as two numbers in one.</summary>
        [FieldOffset(136)]
        public ulong Device;

        public readonly bool IsFile => (Mode & 0xF000) == 0x8000;

        public readonly bool IsDirectory => (Mode & 0xF000) == 0x4000;

        public readonly long AllocatedBytes => Blocks * 512;
    }
}
