using NovaCow.Core;
using NovaCow.Hypervisor.Libvirt.Native;

namespace NovaCow.Hypervisor.Libvirt;

/// <summary>
/// Tells a host's own domains from others by the metadata in them, which goes where the domain
/// goes: a name alone proves nothing.
/// </summary>
internal static class DomainOwner
{
    /// <summary>Whose domain it is; null: not this host's.</summary>
    public static InstanceId? InstanceOf(Domain domain, string host) =>
        Read(domain.Metadata(DomainIdentity.Namespace), domain.Name, host);

    /// <summary>Whether some host made it.</summary>
    public static bool IsMarked(Domain domain) =>
        domain.Metadata(DomainIdentity.Namespace) is not null;

    /// <summary>The instance that metadata names, when it is this host's and the name fits.
    /// </summary>
    internal static InstanceId? Read(string? metadata, string name, string host) =>
        metadata is not null && DomainIdentity.Read(metadata) is { } identity
            && identity.Host == host && DomainIdentity.NameOf(identity.Id) == name
                ? identity.Id
                : null;
}
