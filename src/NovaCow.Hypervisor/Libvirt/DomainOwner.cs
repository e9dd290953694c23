using System.Xml;
using System.Xml.Linq;
using NovaCow.Core;
using NovaCow.Hypervisor.Libvirt.Native;

namespace NovaCow.Hypervisor.Libvirt;

/// <summary>
/// Tells a host's own domains from others by the metadata in them, which goes where the domain
/// goes: a name alone proves nothing.
/// </summary>
internal static class DomainOwner
{
    /// <summary>The metadata's namespace.</summary>
    public const string Namespace = "https://novacow.invalid/libvirt/1";

    private const string NamePrefix = "novacow-";

    /// <summary>The name of an instance's domain.</summary>
    public static string NameOf(InstanceId id) => NamePrefix + id.Value;

    /// <summary>Whose domain it is; null: not this host's.</summary>
    public static InstanceId? InstanceOf(Domain domain, string host) =>
        Read(domain.Metadata(Namespace), domain.Name, host);

    /// <summary>The instance that metadata names, when it is this host's and the name fits.
    /// </summary>
    internal static InstanceId? Read(string? metadata, string name, string host)
    {
        if (metadata is null)
            return null;
        try
        {
            var element = XElement.Parse(metadata);
            return element.Name.LocalName == "instance"
                && element.Attribute("host")?.Value == host
                && InstanceId.TryParse(element.Attribute("id")?.Value, out var id, out _)
                && NameOf(id) == name
                    ? id
                    : null;
        }
        catch (XmlException)
        {
            return null;
        }
    }
}
