using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>The stores of other hosts on the file system that this host's own store shares with
/// them. It opens them only for hosts that are dead.</summary>
/// <param name="store">This host's own store.</param>
/// <param name="name">The file system's name among its hosts.</param>
/// <param name="root">Where it is on this host; an absolute path without links.</param>
public sealed class SharedStores(HostStore store, string name, string root) : IDeadStores
{
    /// <summary>The configuration key of a shared store, as errors name it.</summary>
    public const string Key = "novacow.host.shared-store";

    private HostStore Own { get; } = store;

    /// <inheritdoc/>
    public Task<DeadInstance> FenceAsync(
        DeadStore store, InstanceId id, CancellationToken cancellationToken) =>
        Own.RunAsync(
            $"instance {id}: cannot be taken over from {TransferSource.Of(store)}",
            () => Fence(store, id),
            cancellationToken);

    /// <exception cref="PortException">The host lives, or has no store there.</exception>
    internal DeadFolder Open(DeadStore dead) => dead.Store.Name == name
        ? DeadFolder.Open(root, dead)
        : throw PortException.Final(
            LaunchErrorCode.InvalidRequest,
            $"the store of host {dead.Host} is on the shared file system {dead.Store.Name}, and "
                + $"this host has {name}; look at {Key} on both");

    private DeadInstance Fence(DeadStore dead, InstanceId id)
    {
        using var folder = Open(dead);
        var record = folder.ReadRecord(id);
        folder.Fence(Own.Files, new EvacuationFence(
            id, dead.Attempt, dead.Host, dead.By, Own.Options.Clock.GetUtcNow())
        {
            Cluster = dead.Cluster,
        });
        return new DeadInstance(record.IsOn);
    }
}
