using System.Collections.Concurrent;
using System.Security.Cryptography;
using NovaCow.Actors.Protocols;
using NovaCow.Client;
using NovaCow.Core;
using NovaCow.Node.Api;
using NovaCow.Node.Logging;
using NovaCow.Security;

namespace NovaCow.Node.Security;

/// <summary>Makes join tokens, and issues and renews the certificates of hosts, on a control node
/// that has the authority's key.</summary>
internal sealed class CertificateDesk(
    NodeSecurity? security, SchedulerGateway gateway, NodeLog log)
{
    /// <summary>Names that are remembered between a certificate and the host's first hello.
    /// </summary>
    private const int MaxRemembered = 10_000;
    private static readonly TimeSpan MaxTokenLife = TimeSpan.FromDays(30);

    // Two machines with the same name and token must not both have it before one has linked.
    private readonly ConcurrentDictionary<HostId, string> _issued = new();

    /// <summary>The authority's certificate, as PEM.</summary>
    public string AuthorityPem() => Security().Store.Current.Authority.ExportCertificatePem();

    /// <summary>Makes a token.</summary>
    public TokenResource MakeToken(TokenRequest request)
    {
        var (security, authority) = Authority();
        var host = Parse.OptionalId<HostId>("host", request.Host)?.Value ?? JoinToken.AnyHost;
        var life = TimeSpan.FromSeconds(request.TtlSeconds);
        if (life < TimeSpan.FromSeconds(1) || life > MaxTokenLife)
        {
            throw ApiException.Invalid(
                $"ttlSeconds {request.TtlSeconds}: expected 1 to {MaxTokenLife.TotalSeconds}");
        }

        var token = new JoinToken
        {
            Authority = CertificateJudge.Fingerprint(authority.Certificate),
            Host = host,
            Until = security.Time.GetUtcNow() + life,
        };
        return new TokenResource
        {
            Token = token.Seal(authority.Derive(JoinToken.Purpose)),
            Host = host,
            ExpiresAt = token.Until,
        };
    }

    /// <summary>A host's first certificate, for a token.</summary>
    /// <param name="request">What the host sent.</param>
    /// <param name="peer">The certificate that it has already, if it has.</param>
    /// <param name="ct">The request's end.</param>
    public async Task<CertificateResource> JoinAsync(
        JoinRequest request, PeerVerdict peer, CancellationToken ct)
    {
        var (security, authority) = Authority();
        var host = Parse.Id<HostId>("name", request.Name);
        var now = security.Time.GetUtcNow();
        JoinToken token;
        try
        {
            var key = authority.Derive(JoinToken.Purpose);
            token = JoinToken.Verify(request.Token, key, host.Value, now);
        }
        catch (SecurityException e)
        {
            throw Refuse(host, "TokenRefused", e.Message);
        }

        var terms = new CertificateTerms(
            CertifiedName.Of(ClusterRole.Host, host.Value), [], security.HostLife);
        var isHost = peer is PeerVerdict.Trusted trusted && trusted.Name == terms.Name;
        if (token.Host == JoinToken.AnyHost && !isHost)
            await RefuseTakenAsync(host, request.CertificateRequest, ct);
        return Issue(() => authority.Sign(request.CertificateRequest, terms, now), host);
    }

    /// <summary>A new certificate for the host that presented this one.</summary>
    public CertificateResource Renew(RenewRequest request, HttpContext context)
    {
        var (security, authority) = Authority();
        var earlier = context.Connection.ClientCertificate!;
        var host = HostId.Parse(CertificateJudge.NameOf(earlier)!.Name);
        return Issue(
            () => authority.Renew(
                request.CertificateRequest, earlier, security.HostLife, security.Time.GetUtcNow()),
            host);
    }

    /// <summary>Whom a request is from.</summary>
    public PeerVerdict Judge(HttpContext context) => Security().Judge(context);

    private CertificateResource Issue(
        Func<System.Security.Cryptography.X509Certificates.X509Certificate2> sign, HostId host)
    {
        try
        {
            using var issued = sign();
            var until = CertificateJudge.Until(issued);
            log.Write(
                Runtime.Actors.LogLevel.InfoLevel, "security",
                $"host {host} has a certificate until {until:u}");
            return new CertificateResource
            {
                Certificate = issued.ExportCertificatePem(), ExpiresAt = until,
            };
        }
        catch (SecurityException e)
        {
            throw ApiException.Invalid($"certificateRequest: {e.Message}");
        }
    }

    private async Task RefuseTakenAsync(HostId host, string request, CancellationToken ct)
    {
        if (await HasJoinedAsync(host, ct))
        {
            throw Refuse(
                host, "NameTaken",
                $"a host {host} has joined before, and a token for any host gives no name away: "
                    + $"choose another name, or have a token made for it (novacow host token "
                    + $"--host {host})");
        }

        var asking = Convert.ToHexString(
            SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(request)));
        if (_issued.Count >= MaxRemembered)
            _issued.Clear();
        if (_issued.GetOrAdd(host, asking) != asking)
        {
            throw Refuse(
                host, "NameTaken",
                $"another machine has a certificate for host {host} already: choose another name, "
                    + $"or have a token made for it (novacow host token --host {host})");
        }
    }

    private async Task<bool> HasJoinedAsync(HostId host, CancellationToken ct)
    {
        try
        {
            await gateway.AskAsync<SchedulerProtocol.HostFound>(
                new SchedulerProtocol.GetHost(host), ct);
            return true;
        }
        catch (ApiException e) when (e.Status == StatusCodes.Status404NotFound)
        {
            return false;
        }
    }

    private ApiException Refuse(HostId host, string code, string why)
    {
        Security().Refused($"host {host} may not join: {why}");
        return new ApiException(StatusCodes.Status403Forbidden, code, why);
    }

    private NodeSecurity Security() => security ?? throw new ApiException(
        StatusCodes.Status501NotImplemented, "NoTls",
        "this cluster has no certificates: set novacow.tls on its nodes (novacow ca init begins)");

    private (NodeSecurity Security, CertificateAuthority Authority) Authority() =>
        Security() is { Authority: { } authority } own
            ? (own, authority)
            : throw new ApiException(
                StatusCodes.Status501NotImplemented, "NoAuthority",
                "this control node does not have the authority's key "
                    + "(novacow.tls.authority-key): ask one that has");
}
