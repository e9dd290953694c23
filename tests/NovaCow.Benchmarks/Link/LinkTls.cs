using System.Net.Security;
using NovaCow.Security;

namespace NovaCow.Benchmarks.Link;

/// <summary>Certificates for the link benchmark's two processes, in a folder of their own.</summary>
internal sealed class LinkTls : IDisposable
{
    private readonly bool _isOwner;
    private readonly Lazy<Credentials> _dialler;
    private readonly Lazy<Credentials> _listener;

    private LinkTls(string folder, bool isOwner)
    {
        (Folder, _isOwner) = (folder, isOwner);
        // Read once, as a node does.
        _dialler = new(() => Load(ClusterRole.Host));
        _listener = new(() => Load(ClusterRole.Control));
    }

    public string Folder { get; }

    /// <summary>Makes an authority and both certificates.</summary>
    public static LinkTls Create()
    {
        var made = new LinkTls(
            Directory.CreateTempSubdirectory("novacow-link-").FullName, isOwner: true);
        var now = DateTimeOffset.UtcNow;
        using var authority = CertificateAuthority.Create("bench", TimeSpan.FromHours(1), now);
        made.Write(authority, ClusterRole.Control, now);
        made.Write(authority, ClusterRole.Host, now);
        return made;
    }

    /// <summary>What another process made.</summary>
    public static LinkTls Open(string folder) => new(folder, isOwner: false);

    /// <summary>For the process that dials.</summary>
    public SslClientAuthenticationOptions Dial() =>
        ClusterTls.Dial(_dialler.Value, TimeProvider.System);

    /// <summary>For the process that listens.</summary>
    public SslServerAuthenticationOptions Listen() => ClusterTls.Listen(_listener.Value);

    public void Dispose()
    {
        if (_isOwner)
            Directory.Delete(Folder, recursive: true);
    }

    private CredentialPaths Paths(ClusterRole role) => new(
        Path.Combine(Folder, "ca.crt"), Path.Combine(Folder, $"{role}.crt"),
        Path.Combine(Folder, $"{role}.key"));

    private Credentials Load(ClusterRole role) =>
        Credentials.Load(Paths(role), DateTimeOffset.UtcNow);

    private void Write(CertificateAuthority authority, ClusterRole role, DateTimeOffset now)
    {
        var terms = new CertificateTerms(
            CertifiedName.Of(role, "bench"), [], TimeSpan.FromHours(1));
        var (certificate, key) = authority.Issue(terms, now);
        SecretFiles.Write(Paths(role).Authority, authority.Certificate.ExportCertificatePem());
        SecretFiles.Write(Paths(role).Certificate, certificate);
        SecretFiles.Write(Paths(role).Key, key);
    }
}
