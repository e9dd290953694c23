using System.Text.Json;
using NovaCow.Client;
using NovaCow.Security;

namespace NovaCow.Cluster.Tests.Harness;

/// <summary>A cluster's authority, and what it issues, in files of a folder.</summary>
internal sealed class TestAuthority(string folder) : IDisposable
{
    private static readonly TimeSpan Life = TimeSpan.FromHours(1);

    public CertificateAuthority Authority { get; } =
        CertificateAuthority.Create("test", TimeSpan.FromDays(1), DateTimeOffset.UtcNow);

    /// <summary>Issues a certificate, in the past or for a moment if told so.</summary>
    public CredentialPaths Issue(
        ClusterRole role, string name, TimeSpan? life = null, TimeSpan? age = null)
    {
        var terms = new CertificateTerms(CertifiedName.Of(role, name), [], life ?? Life);
        var (certificate, key) = Authority.Issue(
            terms, DateTimeOffset.UtcNow - (age ?? TimeSpan.Zero));
        Directory.CreateDirectory(folder);
        var stem = Path.Combine(folder, $"{role}-{name}-{Guid.NewGuid():n}");
        var paths = new CredentialPaths($"{stem}.ca.crt", $"{stem}.crt", $"{stem}.key");
        SecretFiles.Write(paths.Authority, Authority.Certificate.ExportCertificatePem());
        SecretFiles.Write(paths.Certificate, certificate);
        SecretFiles.Write(paths.Key, key);
        return paths;
    }

    /// <summary>The authority's own key, as a file.</summary>
    public string KeyFile()
    {
        var path = Path.Combine(folder, "ca.key");
        Directory.CreateDirectory(folder);
        SecretFiles.Write(path, Authority.KeyPem());
        return path;
    }

    /// <summary>The settings of a node with these.</summary>
    public static string[] Settings(CredentialPaths paths) =>
    [
        $"novacow.tls.ca={Quoted(paths.Authority)}",
        $"novacow.tls.certificate={Quoted(paths.Certificate)}",
        $"novacow.tls.key={Quoted(paths.Key)}",
    ];

    /// <summary>A client with a certificate.</summary>
    public static NovaCowClient Client(Uri address, CredentialPaths paths) => new(
        [address],
        ClusterTls.Dial(Credentials.Load(paths, DateTimeOffset.UtcNow), TimeProvider.System));

    public void Dispose() => Authority.Dispose();

    public static string Quoted(string text) => JsonSerializer.Serialize(text);
}
