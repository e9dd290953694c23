using NovaCow.Core;
using NovaCow.Hypervisor.Libvirt.Native;

namespace NovaCow.Hypervisor.Libvirt;

/// <summary>Makes of libvirt's failures the one that ports throw.</summary>
internal static class LibvirtFailure
{
    /// <summary>A failure with libvirt's own words, its code and domain, and what to do where that
    /// is known.</summary>
    /// <param name="what">Which thing, and what did not happen to it.</param>
    /// <param name="failure">What libvirt says.</param>
    public static PortException Of(string what, LibvirtException failure)
    {
        var remedy = Remedy(failure.Code);
        var message = $"{what}: {failure.Message}{(remedy is null ? "" : $"; {remedy}")}";
        var error = new LaunchError(
            LaunchErrorCode.Hypervisor, message, IsPassing(failure.Code));
        return new PortException(error, failure);
    }

    /// <summary>A refusal of what cannot be done to this machine.</summary>
    public static PortException Refusal(string message) =>
        PortException.Final(LaunchErrorCode.InvalidRequest, message);

    private static bool IsPassing(LibvirtCode code) => code
        is LibvirtCode.NoMemory or LibvirtCode.NoConnection or LibvirtCode.System
        or LibvirtCode.Rpc or LibvirtCode.OperationTimeout or LibvirtCode.AgentUnresponsive
        or LibvirtCode.ResourceBusy;

    private static string? Remedy(LibvirtCode code) => code switch
    {
        LibvirtCode.AuthenticationFailed or LibvirtCode.AuthenticationCancelled
            or LibvirtCode.AuthenticationUnavailable or LibvirtCode.AccessDenied
            or LibvirtCode.OperationDenied => "put this process's user into the group libvirt",
        LibvirtCode.NoSupport or LibvirtCode.OperationUnsupported =>
            "this connection's driver cannot do it; qemu:///system can",
        LibvirtCode.NoMemory => "the host has too little memory for it",
        LibvirtCode.ResourceBusy or LibvirtCode.OperationTimeout =>
            "something else is being done to it; try again",
        _ => null,
    };
}
