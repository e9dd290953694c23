namespace NovaCow.Client;

/// <summary>What operators do with hosts.</summary>
public sealed partial class NovaCowClient
{
    /// <summary>Gives a host no new launches; what it has stays.</summary>
    public Task<HostResource> CordonHostAsync(string host, CancellationToken ct) =>
        DutyAsync(host, "cordon", ct);

    /// <summary>Gives a host launches again.</summary>
    public Task<HostResource> UncordonHostAsync(string host, CancellationToken ct) =>
        DutyAsync(host, "uncordon", ct);

    /// <summary>Gives a host no new launches, and those it has not finished to others.</summary>
    public Task<HostResource> DrainHostAsync(string host, CancellationToken ct) =>
        DutyAsync(host, "drain", ct);

    /// <summary>Takes a host that has stopped out of the cluster.</summary>
    /// <param name="host">The host.</param>
    /// <param name="force">Whether the instances that it holds are given up with it.</param>
    /// <param name="ct">Gives up the request.</param>
    public Task RemoveHostAsync(string host, bool force, CancellationToken ct) =>
        DeleteAsync($"v1/hosts/{Segment(host)}{(force ? "?force=true" : "")}", null, ct);

    /// <summary>Instances that a host has, by id, at most so many.</summary>
    public Task<Page<InstanceResource>> ListInstancesOnAsync(
        string host, int limit, CancellationToken ct) =>
        GetAsync<Page<InstanceResource>>(
            $"v1/instances?host={Segment(host)}&limit={limit}", ct);

    private Task<HostResource> DutyAsync(
        string host, string verb, CancellationToken ct) =>
        SendAsync<HostResource>(
            HttpMethod.Post, $"v1/hosts/{Segment(host)}/{verb}", null, null, ct);
}
