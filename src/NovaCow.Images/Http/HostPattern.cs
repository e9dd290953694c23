using System.Net;

namespace NovaCow.Images;

/// <summary>One entry of the list of hosts that images may come from.</summary>
internal static class HostPattern
{
    /// <summary>Whether a URI's host, and port if the pattern has one, fit.</summary>
    public static bool Fits(string pattern, Uri uri)
    {
        var (host, port) = Split(pattern.Trim());
        if (port is not null && port != uri.Port.ToString())
            return false;
        var actual = uri.IdnHost.TrimEnd('.');
        return host.StartsWith("*.", StringComparison.Ordinal)
            ? !IPAddress.TryParse(actual, out _)
                && actual.EndsWith(host[1..], StringComparison.OrdinalIgnoreCase)
            : actual.Equals(host.Trim('[', ']'), StringComparison.OrdinalIgnoreCase);
    }

    private static (string Host, string? Port) Split(string pattern)
    {
        var colon = pattern.LastIndexOf(':');
        var isPort = colon > pattern.LastIndexOf(']')
            && (pattern.IndexOf(':') == colon || pattern.Contains(']'));
        return isPort ? (pattern[..colon], pattern[(colon + 1)..]) : (pattern, null);
    }
}
