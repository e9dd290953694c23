using Microsoft.Win32.SafeHandles;

namespace NovaCow.Storage;

/// <summary>Lets the kernel begin to read a file before its bytes are asked for.</summary>
internal static class ReadAhead
{
    /// <summary>The kernel takes no more than its window at a time, and drops the rest.</summary>
    private const int WindowBytes = 128 << 10;

    public static void Start(SafeFileHandle file, long offset, long bytes)
    {
        for (var end = offset + bytes; offset < end; offset += WindowBytes)
        {
            var count = Math.Min(WindowBytes, end - offset);
            _ = LibC.posix_fadvise(file, offset, count, LibC.POSIX_FADV_WILLNEED);
        }
    }
}
