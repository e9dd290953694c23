namespace NovaCow.Client;

public sealed partial class NovaCowClient
{
    /// <summary>How the fleet's stores are used, by the hosts' last reports.</summary>
    public Task<FleetSpaceResource> GetSpaceAsync(CancellationToken ct) =>
        GetAsync<FleetSpaceResource>("v1/space", ct);

    /// <summary>How one host's store is used, measured now.</summary>
    public Task<HostSpaceResource> GetHostSpaceAsync(string host, CancellationToken ct) =>
        GetAsync<HostSpaceResource>($"v1/hosts/{Segment(host)}/space", ct);

    /// <summary>Has bases of a host verified; how that goes is in the bases.</summary>
    /// <param name="host">The host.</param>
    /// <param name="key">The base; null: every one.</param>
    /// <param name="ct">Gives up the request.</param>
    public Task<ScrubResponse> ScrubAsync(string host, string? key, CancellationToken ct) =>
        SendAsync<ScrubResponse>(
            HttpMethod.Post,
            $"v1/hosts/{Segment(host)}/bases/"
                + (key is null ? "scrub" : $"{Segment(key)}/scrub"),
            null,
            null,
            ct);

    /// <summary>Removes a base that nothing uses from a host.</summary>
    public Task EvictBaseAsync(string host, string key, CancellationToken ct) =>
        DeleteAsync($"v1/hosts/{Segment(host)}/bases/{Segment(key)}", null, ct);
}
