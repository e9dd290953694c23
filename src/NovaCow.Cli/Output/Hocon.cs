using System.Text.Json;

namespace NovaCow.Cli;

/// <summary>Writes values into the settings that a command hands to a node.</summary>
internal static class Hocon
{
    /// <summary>The text as a HOCON string: HOCON's quoting is JSON's.</summary>
    public static string Quoted(string text) => JsonSerializer.Serialize(text);

    /// <summary>The settings of a host that runs machines with the libvirt at a URI.</summary>
    public static string[] Libvirt(string uri) =>
    [
        "novacow.host.hypervisor.driver = libvirt",
        $"novacow.host.hypervisor.uri = {Quoted(uri)}",
    ];
}
