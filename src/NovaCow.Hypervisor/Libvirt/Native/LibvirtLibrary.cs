using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using NovaCow.Core;

namespace NovaCow.Hypervisor.Libvirt.Native;

/// <summary>The library itself: loaded and made ready once in a process.</summary>
internal static unsafe class LibvirtLibrary
{
    private const string ErrorsOnly = "4";

    private static readonly Lock Gate = new();
    private static bool _ready;

    /// <summary>Loads it, and keeps it from writing to standard error. Idempotent.</summary>
    /// <exception cref="PortException">It is not installed, or does not start.</exception>
    public static void Load()
    {
        lock (Gate)
        {
            if (_ready)
                return;
            try
            {
                // An embedded driver would write warnings to standard error; an operator who wants
                // them has said so in the environment.
                LibvirtNative.setenv("LIBVIRT_DEBUG", ErrorsOnly, overwrite: 0);
                if (LibvirtNative.virInitialize() < 0)
                    throw LibvirtFailure.Of("libvirt does not start", LibvirtException.Last());
                LibvirtNative.virSetErrorFunc(0, &Ignore);
                if (LibvirtNative.virEventRegisterDefaultImpl() < 0)
                    throw LibvirtFailure.Of("libvirt has no events", LibvirtException.Last());
            }
            catch (DllNotFoundException e)
            {
                throw PortException.Final(
                    LaunchErrorCode.Hypervisor,
                    $"libvirt: {LibvirtNative.Library} cannot be loaded; install libvirt0 and "
                        + "libvirt-daemon-system, or set the hypervisor to none",
                    e);
            }

            _ready = true;
        }
    }

    /// <summary>For example <c>9.0.0</c>, of libvirt's way to write a version.</summary>
    public static string Version(nuint number) =>
        $"{number / 1_000_000}.{number / 1000 % 1000}.{number % 1000}";

    /// <summary>Text that stays the library's.</summary>
    public static string Text(byte* text) => Marshal.PtrToStringUTF8((nint)text) ?? "";

    /// <summary>Text that is the caller's, who frees it; null: the call failed.</summary>
    public static string TakeText(byte* text)
    {
        if (text is null)
            throw LibvirtException.Last();
        var taken = Text(text);
        LibvirtNative.free(text);
        return taken;
    }

    /// <summary>Every error is told to who made the call, and to nobody else.</summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Ignore(nint data, LibvirtNative.NativeError* error)
    {
    }
}
