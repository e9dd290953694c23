namespace NovaCow.Client;

public sealed partial class NovaCowClient
{
    /// <summary>Moves an instance to another host. Answered once it is durable, or with a wait once
    /// it has ended; <see cref="InstanceResource.Operation"/> says how it is.</summary>
    public Task<InstanceResource> MoveInstanceAsync(
        string id, MoveInstanceRequest request, TimeSpan? wait, CancellationToken ct) =>
        OperateAsync(id, "move", request, wait, ct);
}
