using System.Globalization;
using System.Xml.Linq;

namespace NovaCow.Hypervisor.Libvirt;

/// <summary>Whom libvirt runs emulators as, by its capabilities.</summary>
internal static class EmulatorUser
{
    /// <summary>The user and the group; null where libvirt does not say, or runs them as root or as
    /// itself.</summary>
    public static (uint Uid, uint Gid)? In(string capabilities)
    {
        var label = XElement.Parse(capabilities).Elements("host").Elements("secmodel")
            .Where(m => m.Element("model")?.Value == "dac")
            .Elements("baselabel").FirstOrDefault()?.Value;
        return label?.Split(':') is [['+', .. var user], ['+', .. var group]]
            && Number(user) is > 0 and var uid && Number(group) is { } gid
            ? (uid, gid)
            : null;
    }

    private static uint? Number(string text) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number : null;
}
