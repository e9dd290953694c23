using System.Diagnostics.CodeAnalysis;

namespace NovaCow.Runtime.Actors;

/// <summary>
/// Where an actor system lives: a local one has a name only, a remote one also a host and a port.
/// </summary>
public sealed record Address(string Protocol, string System, string? Host = null, int? Port = null)
{
    /// <summary>An address that names no machine: it means the system at hand.</summary>
    public bool HasLocalScope => Host is null;

    /// <summary>An address that other processes can reach.</summary>
    public bool HasGlobalScope => Host is not null;

    public override string ToString() =>
        Host is null ? $"{Protocol}://{System}" : $"{Protocol}://{System}@{Host}:{Port}";

    /// <summary>Reads <c>protocol://system[@host:port]</c>.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out Address? address)
    {
        address = null;
        var scheme = text.IndexOf("://", StringComparison.Ordinal);
        if (scheme <= 0 || scheme + 3 >= text.Length)
            return false;
        var protocol = text[..scheme];
        var rest = text[(scheme + 3)..];
        var at = rest.IndexOf('@', StringComparison.Ordinal);
        if (at < 0)
        {
            address = new Address(protocol, rest);
            return true;
        }

        var colon = rest.LastIndexOf(':');
        if (at == 0 || colon <= at + 1 || !ushort.TryParse(rest.AsSpan(colon + 1), out var port))
            return false;
        address = new Address(protocol, rest[..at], rest[(at + 1)..colon], port);
        return true;
    }
}
