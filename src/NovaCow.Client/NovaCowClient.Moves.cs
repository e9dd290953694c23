namespace NovaCow.Client;

public sealed partial class NovaCowClient
{
    /// <summary>Moves an instance to another host. Answered once it is durable, or with a wait once
    /// it has ended; <see cref="InstanceResource.Operation"/> says how it is.</summary>
    public Task<InstanceResource> MoveInstanceAsync(
        string id, MoveInstanceRequest request, TimeSpan? wait, CancellationToken ct) =>
        OperateAsync(id, "move", request, wait, ct);

    /// <summary>Moves a few of a host's instances to others; asked again until nothing moves or
    /// waits, the host keeps only what cannot go.</summary>
    public Task<HostMovesResource> EmptyHostAsync(string host, CancellationToken ct) =>
        SendAsync<HostMovesResource>(
            HttpMethod.Post, $"v1/hosts/{Segment(host)}/empty", null, null, ct);

    /// <summary>Has a few of a dead host's instances taken over by hosts that share its storage;
    /// asked again until nothing moves or waits.</summary>
    public Task<HostMovesResource> EvacuateHostAsync(
        string host, EvacuateHostRequest request, CancellationToken ct) =>
        SendAsync<HostMovesResource>(
            HttpMethod.Post, $"v1/hosts/{Segment(host)}/evacuate", request, null, ct);
}
