using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace NovaCow.Hypervisor.Libvirt.Native;

/// <summary>
/// The thread that runs libvirt's events, of which a process has one: it starts with the first
/// user and ends with the last. Connections must be opened, used and closed while it runs.
/// </summary>
internal sealed unsafe class EventLoop : IDisposable
{
    private static readonly Lock Gate = new();
    private static int _users;
    private static int _timer = -1;
    private static Thread? _thread;
    private static volatile bool _ends;

    private int _disposed;

    private EventLoop()
    {
    }

    /// <summary>Makes sure that it runs, until this is disposed.</summary>
    public static EventLoop Use()
    {
        LibvirtLibrary.Load();
        lock (Gate)
        {
            if (_users == 0)
                Start();
            _users++;
            return new EventLoop();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        lock (Gate)
        {
            if (--_users > 0)
                return;
            _ends = true;
            LibvirtNative.virEventUpdateTimeout(_timer, 0);
            _thread!.Join();
        }
    }

    private static void Start()
    {
        if (_timer < 0)
            _timer = LibvirtException.Check(LibvirtNative.virEventAddTimeout(-1, &Wake, 0, 0));
        _ends = false;
        _thread = new Thread(Run) { IsBackground = true, Name = "libvirt events" };
        _thread.Start();
    }

    private static void Run()
    {
        while (!_ends)
            _ = LibvirtNative.virEventRunDefaultImpl();
    }

    /// <summary>Being called is all that it is for.</summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Wake(int timer, nint data) =>
        LibvirtNative.virEventUpdateTimeout(timer, -1);
}
