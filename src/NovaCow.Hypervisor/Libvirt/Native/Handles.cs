using Microsoft.Win32.SafeHandles;

namespace NovaCow.Hypervisor.Libvirt.Native;

/// <summary>A reference to a connection (virConnectPtr).</summary>
internal sealed class ConnectionHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    /// <inheritdoc/>
    protected override bool ReleaseHandle() => LibvirtNative.virConnectClose(handle) >= 0;
}

/// <summary>A reference to a domain (virDomainPtr), which keeps its connection.</summary>
internal sealed class DomainHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    /// <summary>Owns a reference that libvirt gave otherwise than as a result.</summary>
    public DomainHandle(nint domain)
        : this() => SetHandle(domain);

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => LibvirtNative.virDomainFree(handle) == 0;
}
