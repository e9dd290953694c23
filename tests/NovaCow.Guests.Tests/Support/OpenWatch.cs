using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace NovaCow.Guests.Tests;

/// <summary>Notices when a file is opened, by whomever.</summary>
internal sealed partial class OpenWatch : IDisposable
{
    private const int NonBlocking = 0x800, CloseOnExec = 0x80000;
    private const uint Opened = 0x20;
    private readonly SafeFileHandle _events;

    public OpenWatch(string path)
    {
        _events = new SafeFileHandle(inotify_init1(NonBlocking | CloseOnExec), ownsHandle: true);
        if (_events.IsInvalid || inotify_add_watch(_events, path, Opened) < 0)
            throw new IOException($"{path} cannot be watched: {Marshal.GetLastPInvokeError()}");
    }

    /// <summary>Whether it was opened since the last time this was asked.</summary>
    public bool WasOpened() => read(_events, new byte[4096], 4096) > 0;

    public void Dispose() => _events.Dispose();

    [LibraryImport("libc", SetLastError = true)]
    private static partial int inotify_init1(int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int inotify_add_watch(SafeFileHandle events, string path, uint mask);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(SafeFileHandle events, byte[] buffer, nint count);
}
