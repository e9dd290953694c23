using System.Security.Cryptography.X509Certificates;

namespace NovaCow.Security.Tests;

internal static class Given
{
    public static readonly DateTimeOffset Now = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);

    public static CertificateAuthority Authority() =>
        CertificateAuthority.Create("test", TimeSpan.FromDays(3650), Now);

    public static CertificateTerms Terms(
        ClusterRole role = ClusterRole.Host, string name = "a", TimeSpan? life = null) =>
        new(CertifiedName.Of(role, name), [], life ?? TimeSpan.FromDays(90));

    public static X509Certificate2 Issue(
        this CertificateAuthority authority, ClusterRole role = ClusterRole.Host,
        string name = "a", TimeSpan? life = null)
    {
        var (certificate, key) = authority.Issue(Terms(role, name, life), Now);
        return X509Certificate2.CreateFromPem(certificate, key);
    }
}
