using NovaCow.Runtime.Configuration;
using NovaCow.Security;

namespace NovaCow.Node.Settings;

/// <summary>How a node proves who it is, and whom it believes.</summary>
public sealed record TlsSettings
{
    /// <summary>The cluster's authority, and the node's certificate and key.</summary>
    public required CredentialPaths Paths { get; init; }

    /// <summary>The authority's key, where this node issues certificates; else null.</summary>
    public required string? AuthorityKeyPath { get; init; }

    /// <summary>How long a host's certificate is valid that this node issues.</summary>
    public required TimeSpan HostLife { get; init; }

    /// <summary>Reads <c>novacow.tls</c>; null when it is not set.</summary>
    internal static TlsSettings? Read(Config c)
    {
        string[] keys = ["tls.ca", "tls.certificate", "tls.key"];
        var missing = keys.Where(key => !c.HasPath(key)).ToList();
        if (missing.Count == keys.Length)
        {
            return c.HasPath("tls.authority-key")
                ? throw SettingsReader.Wrong(
                    c, "tls.authority-key",
                    "an authority needs TLS itself: set tls.ca, tls.certificate and tls.key too")
                : null;
        }

        if (missing.Count > 0)
        {
            throw SettingsReader.Wrong(
                c, missing[0],
                "not set, and others of tls.ca, tls.certificate and tls.key are: set all three, "
                    + "or none");
        }

        return new TlsSettings
        {
            Paths = new CredentialPaths(
                SettingsReader.FilePath(c, "tls.ca"),
                SettingsReader.FilePath(c, "tls.certificate"),
                SettingsReader.FilePath(c, "tls.key")),
            AuthorityKeyPath = c.HasPath("tls.authority-key")
                ? SettingsReader.FilePath(c, "tls.authority-key") : null,
            HostLife = SettingsReader.Positive(c, "tls.host-life"),
        };
    }

    /// <summary>Refuses an address whose scheme does not fit: half a cluster without TLS is a
    /// mistake that nobody should find out by its silence.</summary>
    internal static Uri Fitting(Config c, string key, Uri address)
    {
        var isSecure = c.HasPath("tls.ca");
        var right = isSecure ? "https" : "http";
        if (address.Scheme == right)
            return address;
        var instead = new UriBuilder(address) { Scheme = right }.Uri.ToString().TrimEnd('/');
        throw SettingsReader.Wrong(
            c, key,
            $"'{address}': "
                + (isSecure
                    ? $"novacow.tls is set, so this must be https: write {instead}"
                    : "https needs certificates: set novacow.tls (novacow ca and novacow host join "
                        + $"make them), or write {instead}"));
    }
}
