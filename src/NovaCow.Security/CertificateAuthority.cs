using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace NovaCow.Security;

/// <summary>What a certificate is to say.</summary>
/// <param name="Name">Whose it is.</param>
/// <param name="Addresses">The names and IP addresses by which others dial its owner.</param>
/// <param name="Life">How long it is valid.</param>
public sealed record CertificateTerms(
    CertifiedName Name, IReadOnlyList<string> Addresses, TimeSpan Life);

/// <summary>
/// The cluster's certificate authority: one self-signed certificate and its key. It signs
/// certificates for nodes and operators, and nothing below them can sign.
/// </summary>
public sealed class CertificateAuthority : IDisposable
{
    /// <summary>How long an authority is valid.</summary>
    public static TimeSpan DefaultAuthorityLife { get; } = TimeSpan.FromDays(3650);

    /// <summary>How long what it issues is valid unless told otherwise.</summary>
    public static TimeSpan DefaultLife { get; } = TimeSpan.FromDays(90);

    // Machines' clocks differ a little.
    private static readonly TimeSpan Earlier = TimeSpan.FromMinutes(5);
    private const int MaxRequestLength = 8 * 1024;
    private const string EllipticCurve = "1.2.840.10045.2.1";

    private static readonly OidCollection BothEnds =
    [
        new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2"),
    ];

    private readonly ECDsa _key;

    private CertificateAuthority(X509Certificate2 certificate, ECDsa key) =>
        (Certificate, _key) = (certificate, key);

    /// <summary>What everybody trusts.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>Makes an authority.</summary>
    /// <param name="cluster">The cluster's name, for people.</param>
    /// <param name="life">How long it is valid.</param>
    /// <param name="now">From when.</param>
    public static CertificateAuthority Create(string cluster, TimeSpan life, DateTimeOffset now)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(
            Subject($"NovaCow {CertifiedName.Of(ClusterRole.Control, cluster).Name}"),
            key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(
            X509BasicConstraintsExtension.CreateForCertificateAuthority(pathLengthConstraint: 0));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(
            X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(
            new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        using var signed = request.CreateSelfSigned(now - Earlier, now + life);
        return new(X509CertificateLoader.LoadCertificate(signed.RawData), key);
    }

    /// <summary>An authority from its two PEM texts.</summary>
    /// <exception cref="SecurityException">They are none, or do not belong together.</exception>
    public static CertificateAuthority FromPem(string certificate, string key)
    {
        var pair = Pem.Pair(certificate, key, "the authority's certificate and key");
        var isAuthority = pair.Extensions.OfType<X509BasicConstraintsExtension>()
            .Any(e => e.CertificateAuthority);
        return isAuthority && pair.GetECDsaPrivateKey() is { } own
            ? new(X509CertificateLoader.LoadCertificate(pair.RawData), own)
            : throw new SecurityException(
                $"the certificate '{pair.Subject}' is no authority's: name the ca.crt and ca.key "
                + "that novacow ca init made");
    }

    /// <summary>The key as PEM, for its file.</summary>
    public string KeyPem() => _key.ExportPkcs8PrivateKeyPem();

    /// <summary>A secret for one purpose, derived from the key: who has it has the key.</summary>
    public byte[] Derive(string purpose)
    {
        var secret = _key.ExportParameters(includePrivateParameters: true).D!;
        try
        {
            return HKDF.DeriveKey(
                HashAlgorithmName.SHA256, secret, 32,
                info: System.Text.Encoding.UTF8.GetBytes(purpose));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    /// <summary>A certificate with a new key.</summary>
    /// <returns>Both as PEM.</returns>
    public (string Certificate, string Key) Issue(CertificateTerms terms, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var names = AlternativeNames(terms);
        using var issued = Sign(new PublicKey(key), terms.Name, names, (now, terms.Life));
        return (issued.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>A certificate for the key of a signing request. Of the request only the key is
    /// taken: what the certificate says is decided here.</summary>
    /// <param name="requestPem">PKCS #10, signed with the key.</param>
    /// <param name="terms">What the certificate is to say.</param>
    /// <param name="now">From when.</param>
    /// <exception cref="SecurityException">It is no request, or of another kind of key.</exception>
    public X509Certificate2 Sign(string requestPem, CertificateTerms terms, DateTimeOffset now) =>
        Sign(KeyOf(requestPem), terms.Name, AlternativeNames(terms), (now, terms.Life));

    /// <summary>A new certificate that says what an earlier one of the same owner said.</summary>
    /// <param name="requestPem">PKCS #10, signed with the owner's key.</param>
    /// <param name="earlier">The earlier one, which was verified.</param>
    /// <param name="life">How long it is valid.</param>
    /// <param name="now">From when.</param>
    /// <exception cref="SecurityException">It is no request, or of another kind of key.</exception>
    public X509Certificate2 Renew(
        string requestPem, X509Certificate2 earlier, TimeSpan life, DateTimeOffset now)
    {
        var name = CertificateJudge.NameOf(earlier)
            ?? throw new SecurityException("the earlier certificate names no role in the cluster");
        var names = earlier.Extensions.First(e => e.Oid?.Value == "2.5.29.17");
        return Sign(KeyOf(requestPem), name, names, (now, life));
    }

    /// <summary>A signing request for a key, as PEM.</summary>
    public static string RequestFor(ECDsa key, string name) =>
        new CertificateRequest(Subject(name), key, HashAlgorithmName.SHA256)
            .CreateSigningRequestPem();

    /// <inheritdoc/>
    public void Dispose() => _key.Dispose();

    private static PublicKey KeyOf(string requestPem)
    {
        const string wanted = "expected a PEM certificate request with an ECDSA key";
        if (requestPem.Length > MaxRequestLength)
            throw new SecurityException($"the certificate request is too long: {wanted}");
        try
        {
            var request = CertificateRequest.LoadSigningRequestPem(
                requestPem, HashAlgorithmName.SHA256);
            return request.PublicKey.Oid.Value == EllipticCurve
                ? request.PublicKey
                : throw new SecurityException($"the certificate request has another key: {wanted}");
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new SecurityException($"the certificate request is none: {wanted}", e);
        }
    }

    private X509Certificate2 Sign(
        PublicKey key, CertifiedName name, X509Extension names,
        (DateTimeOffset Now, TimeSpan Life) valid)
    {
        var request = new CertificateRequest(
            Subject($"{CertifiedName.Word(name.Role)} {name.Name}"), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(
            X509BasicConstraintsExtension.CreateForEndEntity(critical: true));
        request.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(
            new X509EnhancedKeyUsageExtension(BothEnds, critical: false));
        request.CertificateExtensions.Add(names);
        request.CertificateExtensions.Add(
            X509AuthorityKeyIdentifierExtension.CreateFromCertificate(
                Certificate, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] &= 0x7f;
        var end = valid.Now + valid.Life;
        var last = CertificateJudge.Until(Certificate);
        return request.Create(
            Certificate.SubjectName,
            X509SignatureGenerator.CreateForECDsa(_key),
            valid.Now - Earlier,
            end < last ? end : last,
            serial);
    }

    // A node can always be asked on its own machine; there nobody else listens in its place.
    private static X509Extension AlternativeNames(CertificateTerms terms)
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(terms.Name.Uri);
        string[] local = terms.Name.Role == ClusterRole.Operator
            ? [] : ["localhost", "127.0.0.1", "::1"];
        foreach (var address in terms.Addresses.Concat(local).Distinct())
        {
            if (IPAddress.TryParse(address, out var ip))
                names.AddIpAddress(ip);
            else if (Uri.CheckHostName(address) == UriHostNameType.Dns)
                names.AddDnsName(address);
            else
            {
                throw new SecurityException(
                    $"--address '{address}': expected a host name or an IP address");
            }
        }

        return names.Build();
    }

    private static X500DistinguishedName Subject(string name)
    {
        var subject = new X500DistinguishedNameBuilder();
        subject.AddCommonName(name);
        return subject.Build();
    }
}
