using System.Runtime.InteropServices;

namespace NovaCow.Hypervisor.Libvirt.Native;

/// <summary>What libvirt says of a call that failed.</summary>
/// <param name="Code">virErrorNumber.</param>
/// <param name="Domain">virErrorDomain: the part of libvirt that it comes from.</param>
/// <param name="Level">virErrorLevel: 1 warning, 2 error.</param>
/// <param name="Message">Its words, in one line.</param>
internal sealed record LibvirtError(LibvirtCode Code, int Domain, int Level, string Message)
{
    /// <summary>The error of this thread's last call.</summary>
    public static unsafe LibvirtError Last()
    {
        var error = LibvirtNative.virGetLastError();
        if (error is null || error->Code == 0)
            return new LibvirtError(LibvirtCode.None, 0, 2, "libvirt gave no reason");
        var message = Marshal.PtrToStringUTF8((nint)error->Message) ?? "libvirt gave no reason";
        return new LibvirtError(
            (LibvirtCode)error->Code, error->Domain, error->Level, InOneLine(message));
    }

    /// <summary>An emulator's own output is part of some messages.</summary>
    private static string InOneLine(string text)
    {
        var parts = text.Split('\n', StringSplitOptions.RemoveEmptyEntries
            | StringSplitOptions.TrimEntries);
        return string.Concat(string.Join("; ", parts).Select(c => char.IsControl(c) ? '?' : c));
    }
}

/// <summary>A call of libvirt's failed. It never leaves this library: see
/// <see cref="LibvirtFailure"/>.</summary>
internal sealed class LibvirtException(LibvirtError error)
    : Exception($"{error.Message} (libvirt error {(int)error.Code}, domain {error.Domain})")
{
    /// <summary>What libvirt says.</summary>
    public LibvirtError Error { get; } = error;

    /// <summary>Its number.</summary>
    public LibvirtCode Code => Error.Code;

    /// <summary>The failure of this thread's last call.</summary>
    public static LibvirtException Last() => new(LibvirtError.Last());

    /// <summary>Throws when a result says so.</summary>
    public static int Check(int result) => result < 0 ? throw Last() : result;
}
