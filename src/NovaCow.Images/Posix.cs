using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace NovaCow.Images;

/// <summary>The few system calls that the framework does not offer.</summary>
internal static class Posix
{
    private const int OpenPathOnly = 0x20_0000; // O_PATH: names a file without opening it
    private const int OpenCloseOnExec = 0x8_0000;
    private const int EmptyPath = 0x1000;
    private const uint BasicStatistics = 0x7ff;
    private const nuint CloneWholeFile = 0x4004_9409; // FICLONE

    /// <summary>A file's kind and what changes when its content does.</summary>
    public readonly record struct Status(
        bool IsRegular, long SizeBytes, Int128 Modified, Int128 Changed);

    /// <summary>
    /// Names the file at <paramref name="path"/>, links followed, without opening it, so that a
    /// device or fifo is not woken. Invalid, with the error number, if there is none.
    /// </summary>
    public static SafeFileHandle Locate(string path, out int error)
    {
        var descriptor = Open(Utf8(path), OpenPathOnly | OpenCloseOnExec, 0);
        error = descriptor < 0 ? Marshal.GetLastPInvokeError() : 0;
        return new SafeFileHandle(descriptor, ownsHandle: true);
    }

    /// <summary>Where this process finds what the handle names, wherever it is now.</summary>
    public static string PathOf(SafeFileHandle handle) =>
        $"/proc/self/fd/{handle.DangerousGetHandle()}";

    /// <summary>The path, free of links, of what the handle names.</summary>
    public static string RealPathOf(SafeFileHandle handle) =>
        File.ResolveLinkTarget(PathOf(handle), returnFinalTarget: false)?.FullName
            ?? throw new IOException("/proc is not mounted");

    public static Status StatusOf(SafeFileHandle handle)
    {
        // The layout of struct statx is the same on every architecture.
        Span<byte> statx = stackalloc byte[256];
        var result = Statx(
            (int)handle.DangerousGetHandle(), Utf8(""), EmptyPath, BasicStatistics,
            ref MemoryMarshal.GetReference(statx));
        if (result != 0)
            throw LastError("statx");
        var kind = BitConverter.ToUInt16(statx[28..]) & 0xF000;
        return new Status(
            IsRegular: kind == 0x8000,
            SizeBytes: BitConverter.ToInt64(statx[40..]),
            Modified: Nanoseconds(statx[112..]),
            Changed: Nanoseconds(statx[96..]));
    }

    /// <summary>Makes a file share another's blocks; false where it cannot be done.</summary>
    public static bool TryClone(SafeFileHandle source, SafeFileHandle destination) =>
        InputOutputControl(
            (int)destination.DangerousGetHandle(),
            CloneWholeFile,
            (int)source.DangerousGetHandle()) == 0;

    /// <summary>Makes the names in a file's directory durable.</summary>
    public static void SyncDirectoryOf(string path)
    {
        var descriptor = Open(Utf8(Path.GetDirectoryName(path)!), OpenCloseOnExec, 0);
        if (descriptor < 0)
            throw LastError("open directory");
        using var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        if (Sync(descriptor) != 0)
            throw LastError("fsync directory");
    }

    private static Int128 Nanoseconds(ReadOnlySpan<byte> time) =>
        ((Int128)BitConverter.ToInt64(time) * 1_000_000_000) + BitConverter.ToUInt32(time[8..]);

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text + '\0');

    private static IOException LastError(string call)
    {
        var number = Marshal.GetLastPInvokeError();
        return new IOException($"{call}: {Marshal.GetPInvokeErrorMessage(number)}", number);
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    private static extern int Open(byte[] path, int flags, int mode);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static extern int Sync(int descriptor);

    [DllImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static extern int InputOutputControl(int descriptor, nuint request, nint argument);

    [DllImport("libc", EntryPoint = "statx", SetLastError = true)]
    private static extern int Statx(
        int directory, byte[] path, int flags, uint mask, ref byte result);
}
