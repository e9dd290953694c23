using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace NovaCow.Security;

/// <summary>How TLS is spoken in a cluster, at either end: TLS 1.2 or 1.3, its own authority and no
/// other, and nothing looked up elsewhere.</summary>
public static class ClusterTls
{
    private const SslProtocols Versions = SslProtocols.Tls12 | SslProtocols.Tls13;

    /// <summary>For whoever dials a control node with a certificate.</summary>
    public static SslClientAuthenticationOptions Dial(Credentials own, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(own);
        var options = Dial(own.Authority, time);
        options.ClientCertificateContext = own.Context;
        return options;
    }

    /// <summary>For whoever dials a control node and has no certificate.</summary>
    public static SslClientAuthenticationOptions Dial(
        X509Certificate2 authority, TimeProvider time) => new()
        {
            EnabledSslProtocols = Versions,
            CertificateChainPolicy = Policy(authority),
            RemoteCertificateValidationCallback = ServerTrust.Check(authority, time),
        };

    /// <summary>For a host that fetches from others, for as long as it lives.</summary>
    /// <param name="own">Its certificate as it is when it dials.</param>
    /// <param name="time">The clock.</param>
    public static SslClientAuthenticationOptions DialNodes(
        Func<Credentials> own, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(own);
        var authority = own().Authority;
        return new SslClientAuthenticationOptions
        {
            EnabledSslProtocols = Versions,
            CertificateChainPolicy = Policy(authority),
            RemoteCertificateValidationCallback = ServerTrust.CheckNode(authority, time),
            LocalCertificateSelectionCallback = (_, _, _, _, _) => own().Certificate,
            AllowTlsResume = false,
        };
    }

    /// <summary>For a listener. It asks for a certificate and takes any, so that who comes with a
    /// wrong one can be told why: what it took must be judged by <see cref="CertificateJudge"/>.
    /// </summary>
    public static SslServerAuthenticationOptions Listen(Credentials own)
    {
        ArgumentNullException.ThrowIfNull(own);
        return new SslServerAuthenticationOptions
        {
            EnabledSslProtocols = Versions,
            ServerCertificateContext = own.Context,
            ClientCertificateRequired = true,
            RemoteCertificateValidationCallback = (_, _, _, _) => true,
            CertificateChainPolicy = Policy(own.Authority),
            ApplicationProtocols = [SslApplicationProtocol.Http11],
            AllowRenegotiation = false,
            // A resumed session would keep a certificate that was replaced since.
            AllowTlsResume = false,
        };
    }

    private static X509ChainPolicy Policy(X509Certificate2 authority)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            // Where a stranger's certificate says that its issuer is, nobody goes.
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.Add(authority);
        return policy;
    }
}
