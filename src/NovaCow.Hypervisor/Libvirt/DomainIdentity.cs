using System.Security.Cryptography;
using System.Text;
using System.Xml;
using System.Xml.Linq;
using NovaCow.Core;

namespace NovaCow.Hypervisor.Libvirt;

/// <summary>By what a domain is known as an instance's machine: its name, and a mark in its
/// metadata. A domain without both is a stranger.</summary>
/// <param name="Id">The instance.</param>
/// <param name="Host">The host that made the domain.</param>
/// <param name="Cluster">The cluster that launched the instance.</param>
public sealed record DomainIdentity(InstanceId Id, string Host, string? Cluster)
{
    /// <summary>The namespace of the mark.</summary>
    public const string Namespace = "https://novacow.invalid/libvirt/1";

    /// <summary>The prefix that the namespace has in the metadata.</summary>
    public const string Prefix = "novacow";

    /// <summary>The mark's element.</summary>
    public const string Element = "instance";

    private const string NamePrefix = "novacow-";
    private const string IdAttribute = "id", HostAttribute = "host", ClusterAttribute = "cluster";

    /// <summary>The name of the instance's domain.</summary>
    public static string NameOf(InstanceId id)
    {
        ArgumentNullException.ThrowIfNull(id);
        return NamePrefix + id.Value;
    }

    /// <summary>The machine's own number, which the guest sees too: the same on every host, and
    /// another in every cluster.</summary>
    public static Guid UuidOf(InstanceId id, string? cluster)
    {
        // A version 8 UUID (RFC 9562): its bits are the maker's own.
        var bytes = HashOf("uuid", id, cluster)[..16];
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x80);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true);
    }

    /// <summary>The address of the machine's network card, out of those that nobody assigns: the
    /// same on every host.</summary>
    public static string MacOf(InstanceId id, string? cluster)
    {
        var bytes = HashOf("mac", id, cluster);
        return string.Join(':', bytes[..5].Select(b => b.ToString("x2")).Prepend("52"));
    }

    /// <summary>Who a domain is.</summary>
    /// <param name="xml">The whole domain, or its mark alone, as libvirt gives out the metadata of
    /// a namespace.</param>
    /// <returns>Null: it is a stranger.</returns>
    public static DomainIdentity? Read(string xml)
    {
        try
        {
            using var reader = XmlReader.Create(
                new StringReader(xml),
                new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit });
            return Read(XElement.Load(reader));
        }
        catch (XmlException)
        {
            return null;
        }
    }

    /// <summary>The mark.</summary>
    internal XElement ToXml() => new(
        XName.Get(Element, Namespace),
        new XAttribute(XNamespace.Xmlns + Prefix, Namespace),
        new XAttribute(IdAttribute, Id.Value),
        new XAttribute(HostAttribute, Host),
        Cluster is null ? null : new XAttribute(ClusterAttribute, Cluster));

    private static DomainIdentity? Read(XElement root)
    {
        // libvirt takes the namespace off a mark that it gives out alone.
        if (root.Name.LocalName == Element)
            return root.Name.NamespaceName is "" or Namespace ? OfMark(root) : null;
        var mark = root.Element("metadata")?.Element(XName.Get(Element, Namespace));
        return mark is not null && OfMark(mark) is { } identity
            && root.Element("name")?.Value == NameOf(identity.Id)
                ? identity
                : null;
    }

    private static DomainIdentity? OfMark(XElement mark) =>
        InstanceId.TryParse(mark.Attribute(IdAttribute)?.Value, out var id, out _)
            && mark.Attribute(HostAttribute)?.Value is { } host
                ? new DomainIdentity(id, host, mark.Attribute(ClusterAttribute)?.Value)
                : null;

    private static byte[] HashOf(string what, InstanceId id, string? cluster)
    {
        ArgumentNullException.ThrowIfNull(id);
        return SHA256.HashData(Encoding.UTF8.GetBytes($"novacow {what}\n{cluster}\n{id}"));
    }
}
