namespace NovaCow.Client;

/// <summary>How machines become hosts.</summary>
public sealed partial class NovaCowClient
{
    /// <summary>Makes a token that lets a machine join.</summary>
    public Task<TokenResource> MakeTokenAsync(TokenRequest request, CancellationToken ct) =>
        SendAsync<TokenResource>(HttpMethod.Post, "v1/join-tokens", request, null, ct);

    /// <summary>The certificate of the cluster's authority, as PEM. Whoever does not know it yet
    /// must compare its fingerprint.</summary>
    public async Task<string> GetAuthorityAsync(CancellationToken ct)
    {
        using var response = await ExchangeAsync(
            () => Request(HttpMethod.Get, "v1/ca", null, null),
            HttpCompletionOption.ResponseContentRead, ct);
        return await response.Content.ReadAsStringAsync(ct);
    }

    /// <summary>A host's certificate, for a token.</summary>
    public Task<CertificateResource> JoinAsync(JoinRequest request, CancellationToken ct) =>
        SendAsync<CertificateResource>(HttpMethod.Post, "v1/join", request, null, ct);

    /// <summary>A new certificate for the host whose certificate this client presents.</summary>
    public Task<CertificateResource> RenewAsync(RenewRequest request, CancellationToken ct) =>
        SendAsync<CertificateResource>(HttpMethod.Post, "v1/renew", request, null, ct);
}
