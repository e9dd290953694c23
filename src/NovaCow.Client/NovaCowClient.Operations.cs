namespace NovaCow.Client;

/// <summary>Operations on instances' disks. Each is answered once it is durable, or with a wait
/// once it has ended; <see cref="InstanceResource.Operation"/> says how it is.</summary>
public sealed partial class NovaCowClient
{
    /// <summary>Lets the root disk of an instance grow.</summary>
    public Task<InstanceResource> ResizeInstanceAsync(
        string id, ResizeRequest request, TimeSpan? wait, CancellationToken ct) =>
        OperateAsync(id, "resize", request, wait, ct);

    /// <summary>Lets the disks of an instance own their bytes.</summary>
    public Task<InstanceResource> FlattenInstanceAsync(
        string id, TimeSpan? wait, CancellationToken ct) =>
        OperateAsync(id, "flatten", null, wait, ct);

    /// <summary>Makes the root disk of an instance a clone of an image's base.</summary>
    public Task<InstanceResource> RebaseInstanceAsync(
        string id, RebaseRequest request, TimeSpan? wait, CancellationToken ct) =>
        OperateAsync(id, "rebase", request, wait, ct);

    /// <summary>Makes disks that own their bytes copy-on-write.</summary>
    public Task<InstanceResource> MigrateInstanceAsync(
        string id, MigrateRequest request, TimeSpan? wait, CancellationToken ct) =>
        OperateAsync(id, "migrate", request, wait, ct);

    /// <summary>Gives the operation under way up; one that has ended stays as it ended.</summary>
    public Task<InstanceResource> CancelOperationAsync(
        string id, TimeSpan? wait, CancellationToken ct) =>
        SendAsync<InstanceResource>(
            HttpMethod.Delete, $"v1/instances/{Segment(id)}/operation", null, wait, ct);

    private Task<InstanceResource> OperateAsync(
        string id, string verb, object? body, TimeSpan? wait, CancellationToken ct) =>
        SendAsync<InstanceResource>(
            HttpMethod.Post, $"v1/instances/{Segment(id)}/{verb}", body, wait, ct);
}
