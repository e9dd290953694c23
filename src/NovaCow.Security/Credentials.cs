using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace NovaCow.Security;

/// <summary>Where a party's certificate and key are.</summary>
/// <param name="Authority">The cluster's authority: ca.crt.</param>
/// <param name="Certificate">The party's certificate.</param>
/// <param name="Key">Its key.</param>
public sealed record CredentialPaths(string Authority, string Certificate, string Key);

/// <summary>A party's certificate and key as they were read, and whom it trusts.</summary>
public sealed class Credentials
{
    private Credentials(
        X509Certificate2 authority, X509Certificate2 certificate, CertifiedName name)
    {
        (Authority, Certificate, Name) = (authority, certificate, name);
        Context = SslStreamCertificateContext.Create(certificate, [authority], offline: true);
    }

    /// <summary>The cluster's authority.</summary>
    public X509Certificate2 Authority { get; }

    /// <summary>The party's certificate, with its key.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>Whose it is.</summary>
    public CertifiedName Name { get; }

    /// <summary>The certificate, made ready to be presented.</summary>
    public SslStreamCertificateContext Context { get; }

    /// <summary>Reads them.</summary>
    /// <exception cref="SecurityException">A file is missing or wrong, or the certificate is not
    /// of this authority or not valid now.</exception>
    public static Credentials Load(CredentialPaths paths, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(paths);
        var authority = Pem.Certificate(SecretFiles.Read(paths.Authority), paths.Authority);
        var pair = Pem.Pair(
            SecretFiles.Read(paths.Certificate), SecretFiles.ReadKey(paths.Key),
            $"{paths.Certificate} and {paths.Key}");
        return CertificateJudge.Judge(pair, authority, now) switch
        {
            PeerVerdict.Trusted trusted => new Credentials(authority, pair, trusted.Name),
            PeerVerdict.Refused refused =>
                throw new SecurityException($"{paths.Certificate}: {refused.Message}"),
            _ => throw new SecurityException($"{paths.Certificate}: no certificate"),
        };
    }
}
