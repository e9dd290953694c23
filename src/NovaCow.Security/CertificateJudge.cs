using System.Formats.Asn1;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace NovaCow.Security;

/// <summary>
/// Judges certificates against the cluster's authority and nothing else: no other roots, no
/// look-ups, no clock of its own.
/// </summary>
public static class CertificateJudge
{
    private const string SubjectAlternativeName = "2.5.29.17";
    private static readonly Asn1Tag UriTag = new(TagClass.ContextSpecific, 6);

    /// <summary>Whether a certificate is of the cluster, and whose.</summary>
    /// <param name="certificate">What was presented; null: nothing.</param>
    /// <param name="authority">The cluster's.</param>
    /// <param name="now">This machine's clock.</param>
    public static PeerVerdict Judge(
        X509Certificate2? certificate, X509Certificate2 authority, DateTimeOffset now)
    {
        if (certificate is null)
            return new PeerVerdict.Absent();
        if (!IsIssuedBy(certificate, authority))
        {
            return new PeerVerdict.Refused(
                $"the certificate '{Printable(certificate.Subject)}' was not issued by this "
                + $"cluster's authority (sha256 {Fingerprint(authority)[..16]}…): use one that "
                + "was issued with its ca.key");
        }

        if (NameOf(certificate) is not { } name)
        {
            return new PeerVerdict.Refused(
                $"the certificate '{Printable(certificate.Subject)}' names no role in the "
                + "cluster: use one that novacow ca issue or novacow host join made");
        }

        var (from, until) = (From(certificate), Until(certificate));
        if (now < from || now > until)
        {
            return new PeerVerdict.Refused(
                $"the certificate of {name} is valid from {Time(from)} to {Time(until)}, and the "
                + $"clock here says {Time(now)}: "
                + (now < from ? "set the clock that is wrong" : "issue a new one, or set the "
                    + "clock that is wrong"));
        }

        return new PeerVerdict.Trusted(name, until);
    }

    /// <summary>The one cluster name in a certificate; null when there is none, or more.</summary>
    public static CertifiedName? NameOf(X509Certificate2 certificate)
    {
        CertifiedName? name = null;
        foreach (var uri in Uris(certificate))
        {
            if (!CertifiedName.TryParse(uri, out var found))
                continue;
            if (name is not null)
                return null;
            name = found;
        }

        return name;
    }

    /// <summary>The SHA-256 of a certificate, in lower-case hexadecimal.</summary>
    public static string Fingerprint(X509Certificate2 certificate) =>
        certificate.GetCertHashString(HashAlgorithmName.SHA256).ToLowerInvariant();

    /// <summary>From when a certificate is valid.</summary>
    public static DateTimeOffset From(X509Certificate2 certificate) =>
        new(certificate.NotBefore.ToUniversalTime());

    /// <summary>Until when a certificate is valid.</summary>
    public static DateTimeOffset Until(X509Certificate2 certificate) =>
        new(certificate.NotAfter.ToUniversalTime());

    private static bool IsIssuedBy(X509Certificate2 certificate, X509Certificate2 authority)
    {
        using var chain = new X509Chain();
        var policy = chain.ChainPolicy;
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        policy.CustomTrustStore.Add(authority);
        policy.RevocationMode = X509RevocationMode.NoCheck;
        policy.DisableCertificateDownloads = true;
        // Of the time a person wants to know more than a chain says.
        policy.VerificationFlags = X509VerificationFlags.IgnoreNotTimeValid;
        return chain.Build(certificate) && chain.ChainElements.Count == 2;
    }

    private static List<string> Uris(X509Certificate2 certificate)
    {
        List<string> uris = [];
        if (certificate.Extensions[SubjectAlternativeName] is not { } extension)
            return uris;
        try
        {
            var names = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
            while (names.HasData)
            {
                if (names.PeekTag().HasSameClassAndValue(UriTag))
                    uris.Add(names.ReadCharacterString(UniversalTagNumber.IA5String, UriTag));
                else
                    names.ReadEncodedValue();
            }
        }
        catch (AsnContentException)
        {
            uris.Clear();
        }

        return uris;
    }

    private static string Time(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string Printable(string text) =>
        string.Concat(text.Take(200).Select(c => char.IsControl(c) ? '?' : c));
}
