using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace NovaCow.Hypervisor.Posix;

/// <summary>The few system calls that the framework does not offer.</summary>
internal static partial class LibC
{
    public const int ENOENT = 2, ENXIO = 6, EOPNOTSUPP = 95;

    public const int O_RDONLY = 0, O_RDWR = 2, O_NONBLOCK = 0x800, O_CLOEXEC = 0x80000;
    public const int FALLOC_FL_KEEP_SIZE = 1, FALLOC_FL_PUNCH_HOLE = 2;
    public const int SEEK_DATA = 3, SEEK_HOLE = 4;

    private const int MaxAttributeBytes = 32;
    private const int AtEmptyPath = 0x1000;
    private const uint StatxBasic = 0x7ff;

    // The flags whose values differ between the processors.
    public static readonly int O_DIRECTORY = IsArm ? 0x4000 : 0x10000;
    public static readonly int O_NOFOLLOW = IsArm ? 0x8000 : 0x20000;

    private static bool IsArm =>
        RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm;

    /// <summary>Opens a file or folder that is there; null and the error's number when it cannot
    /// be.</summary>
    public static SafeFileHandle? TryOpen(string path, int flags, out int error)
    {
        var descriptor = open(path, flags | O_CLOEXEC, 0);
        error = descriptor < 0 ? Marshal.GetLastPInvokeError() : 0;
        return descriptor < 0 ? null : new SafeFileHandle(descriptor, ownsHandle: true);
    }

    /// <summary>What an open file is.</summary>
    public static Statx Stat(SafeFileHandle file, string path)
    {
        Check(statx(file, "", AtEmptyPath, StatxBasic, out var stat), "stat", path);
        return stat;
    }

    /// <summary>Makes the names in a folder durable.</summary>
    public static void SyncFolder(string path)
    {
        using var folder = TryOpen(path, O_RDONLY | O_DIRECTORY, out var error)
            ?? throw Failure("open", path, error);
        Check(fsync(folder), "fsync", path);
    }

    /// <summary>Gives an open file to another user.</summary>
    public static void ChangeOwner(
        SafeFileHandle file, string path, (uint Uid, uint Gid) owner) =>
        Check(fchown(file, owner.Uid, owner.Gid), "chown", path);

    /// <summary>What is noted on a file in ASCII; null: nothing that is as short as ours.</summary>
    public static unsafe string? TryGetAttribute(SafeFileHandle file, string name)
    {
        var value = stackalloc byte[MaxAttributeBytes];
        var length = fgetxattr(file, name, value, MaxAttributeBytes);
        return length < 0 ? null : Encoding.ASCII.GetString(value, (int)length);
    }

    /// <summary>Notes something short on a file; false where that cannot be.</summary>
    public static unsafe bool TrySetAttribute(SafeFileHandle file, string name, string value)
    {
        fixed (byte* bytes = Encoding.ASCII.GetBytes(value))
            return fsetxattr(file, name, bytes, (nuint)value.Length, 0) == 0;
    }

    public static IOException Failure(string call, string path, int error) =>
        new($"{call} {path}: {Marshal.GetPInvokeErrorMessage(error)}", error);

    public static void Check(long result, string call, string path)
    {
        if (result < 0)
            throw Failure(call, path, Marshal.GetLastPInvokeError());
    }

    [LibraryImport("libc", SetLastError = true)]
    public static partial long lseek(SafeFileHandle file, long offset, int whence);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fallocate(SafeFileHandle file, int mode, long offset, long length);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchown(SafeFileHandle file, uint owner, uint group);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(SafeFileHandle file);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial nint fgetxattr(
        SafeFileHandle file, string name, byte* value, nuint length);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int fsetxattr(
        SafeFileHandle file, string name, byte* value, nuint length, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(
        SafeFileHandle file, string path, int flags, uint mask, out Statx result);

    /// <summary>The kernel's statx, whose layout is the same on every processor.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    public struct Statx
    {
        [FieldOffset(16)]
        public uint LinkCount;

        [FieldOffset(28)]
        public ushort Mode;

        [FieldOffset(32)]
        public ulong Inode;

        [FieldOffset(40)]
        public long Size;

        [FieldOffset(48)]
        public long Blocks;

        public readonly bool IsFile => (Mode & 0xF000) == 0x8000;

        public readonly long AllocatedBytes => Blocks * 512;
    }
}
