using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace NovaCow.Security.Tests;

public sealed class CertificateTests
{
    private static readonly CertificateAuthority Authority = Given.Authority();

    [Theory]
    [InlineData(ClusterRole.Control)]
    [InlineData(ClusterRole.Host)]
    [InlineData(ClusterRole.Operator)]
    public void What_the_authority_issued_is_trusted_by_role_and_name(ClusterRole role)
    {
        using var issued = Authority.Issue(role, "c-1.example");
        var trusted = Assert.IsType<PeerVerdict.Trusted>(Judge(issued, Given.Now));
        Assert.Equal(CertifiedName.Of(role, "c-1.example"), trusted.Name);
        Assert.Equal(Given.Now.AddDays(90), trusted.Until);
        Assert.True(issued.GetECDsaPrivateKey()!.KeySize == 256);
    }

    [Fact]
    public void Nothing_is_absent() =>
        Assert.IsType<PeerVerdict.Absent>(Judge(null, Given.Now));

    [Fact]
    public void A_certificate_of_another_authority_of_the_same_name_is_refused()
    {
        using var other = Given.Authority();
        using var issued = other.Issue();
        Assert.Contains("not issued by this cluster's authority", Refusal(issued, Given.Now));
    }

    [Fact]
    public void The_authority_itself_is_nobody() =>
        Assert.IsType<PeerVerdict.Refused>(Judge(Authority.Certificate, Given.Now));

    [Theory]
    [InlineData(-3, "2026-06-01 11:55:00Z", "2023-06-01 12:00:00Z")]
    [InlineData(3, "2026-08-30 12:00:00Z", "2029-06-01 12:00:00Z")]
    public void A_clock_that_is_years_off_is_told_with_both_times(
        int years, string bound, string clock)
    {
        using var issued = Authority.Issue();
        var message = Refusal(issued, Given.Now.AddYears(years));
        Assert.Contains(bound, message);
        Assert.Contains(clock, message);
        Assert.Contains("clock", message);
    }

    [Fact]
    public void A_leaf_cannot_issue()
    {
        using var leaf = Authority.Issue(ClusterRole.Control);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=forged", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(CertifiedName.Of(ClusterRole.Operator, "root").Uri);
        request.CertificateExtensions.Add(names.Build());
        using var forged = request.Create(
            leaf.SubjectName, X509SignatureGenerator.CreateForECDsa(leaf.GetECDsaPrivateKey()!),
            Given.Now, Given.Now.AddDays(1), [1]);
        Assert.IsType<PeerVerdict.Refused>(Judge(forged, Given.Now));
    }

    [Fact]
    public void Of_a_request_only_the_key_is_taken()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=operator root", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(CertifiedName.Of(ClusterRole.Operator, "root").Uri);
        names.AddDnsName("control.example");
        request.CertificateExtensions.Add(names.Build());
        using var signed = Authority.Sign(
            request.CreateSigningRequestPem(), Given.Terms(), Given.Now);
        Assert.Equal(CertifiedName.Of(ClusterRole.Host, "a"), CertificateJudge.NameOf(signed));
        Assert.False(signed.MatchesHostname("control.example"));
        Assert.DoesNotContain("root", signed.Subject);
    }

    [Fact]
    public void A_request_with_a_weak_or_foreign_kind_of_key_is_refused()
    {
        using var rsa = RSA.Create(1024);
        var request = new CertificateRequest(
            "CN=a", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        string[] requests =
        [
            request.CreateSigningRequestPem(), "", "-----BEGIN CERTIFICATE REQUEST-----",
            new string('x', 1 << 20),
        ];
        Assert.All(requests, text =>
            Assert.Throws<SecurityException>(() => Authority.Sign(text, Given.Terms(), Given.Now)));
    }

    [Fact]
    public void A_renewal_keeps_the_name_and_the_addresses()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var terms = Given.Terms() with { Addresses = ["10.0.0.7", "host-a.example"] };
        var request = CertificateAuthority.RequestFor(key, "a");
        using var first = Authority.Sign(request, terms, Given.Now);
        using var second = Authority.Renew(
            request, first, TimeSpan.FromDays(30), Given.Now.AddDays(80));
        Assert.Equal(terms.Name, CertificateJudge.NameOf(second));
        Assert.True(second.MatchesHostname("host-a.example"));
        Assert.True(second.MatchesHostname("10.0.0.7"));
        Assert.Equal(Given.Now.AddDays(110), CertificateJudge.Until(second));
    }

    [Fact]
    public void Nothing_outlives_its_authority()
    {
        using var issued = Authority.Issue(life: TimeSpan.FromDays(36_500));
        Assert.Equal(
            CertificateJudge.Until(Authority.Certificate), CertificateJudge.Until(issued));
    }

    [Fact]
    public void An_authority_comes_back_from_its_files_with_the_same_secrets()
    {
        using var again = CertificateAuthority.FromPem(
            Authority.Certificate.ExportCertificatePem(), Authority.KeyPem());
        using var issued = again.Issue();
        Assert.IsType<PeerVerdict.Trusted>(Judge(issued, Given.Now));
        Assert.Equal(Authority.Derive("x"), again.Derive("x"));
        Assert.NotEqual(Authority.Derive("x"), again.Derive("y"));
    }

    [Fact]
    public void A_hosts_certificate_and_key_are_no_authority()
    {
        var (certificate, key) = Authority.Issue(Given.Terms(), Given.Now);
        var error = Assert.Throws<SecurityException>(
            () => CertificateAuthority.FromPem(certificate, key));
        Assert.Contains("no authority", error.Message);
    }

    [Theory]
    [InlineData("novacow://role/host/a", true)]
    [InlineData("novacow://role/host/A", false)]
    [InlineData("novacow://role/root/a", false)]
    [InlineData("novacow://role/host/a/b", false)]
    [InlineData("novacow://role/host/", false)]
    [InlineData("NOVACOW://role/host/a", false)]
    [InlineData("https://role/host/a", false)]
    public void Names_are_read_strictly(string text, bool valid) =>
        Assert.Equal(valid, CertifiedName.TryParse(text, out _));

    [Theory]
    [InlineData(ClusterRole.Host, SslPolicyErrors.None, "for host a")]
    [InlineData(ClusterRole.Operator, SslPolicyErrors.None, "for operator a")]
    [InlineData(ClusterRole.Control, SslPolicyErrors.RemoteCertificateNameMismatch, "--address")]
    [InlineData(ClusterRole.Control, SslPolicyErrors.RemoteCertificateChainErrors, null)]
    public void Only_a_control_node_at_its_own_address_is_dialled(
        ClusterRole role, SslPolicyErrors errors, string? problem)
    {
        using var issued = Authority.Issue(role);
        var found = ServerTrust.Problem(issued, Authority.Certificate, errors, Given.Now);
        if (problem is null)
            Assert.Null(found);
        else
            Assert.Contains(problem, found);
    }

    private static PeerVerdict Judge(X509Certificate2? certificate, DateTimeOffset now) =>
        CertificateJudge.Judge(certificate, Authority.Certificate, now);

    private static string Refusal(X509Certificate2 certificate, DateTimeOffset now) =>
        Assert.IsType<PeerVerdict.Refused>(Judge(certificate, now)).Message;
}
