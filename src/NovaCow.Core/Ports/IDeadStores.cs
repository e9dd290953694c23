namespace NovaCow.Core;

/// <summary>
/// Looks into the stores of other hosts on the file system that this host shares with them. Only
/// for a host that is off: whoever holds a store's lock, or has a disk open, is found out as far as
/// the file system tells of locks, and then nothing is done.
/// </summary>
/// <remarks>Nothing there is believed: no link is followed, files are named by typed ids, and what
/// a record says is held against what was asked for.</remarks>
public interface IDeadStores
{
    /// <summary>
    /// Fences an instance: leaves an <see cref="EvacuationFence"/> in the store, durable when this
    /// succeeds. Done again it is the same; a crash leaves the fence or nothing, and the host that
    /// returns lifts it once the scheduler has said whose the instance is.
    /// </summary>
    /// <param name="store">The dead host's store.</param>
    /// <param name="id">The instance.</param>
    /// <param name="cancellationToken">Gives up before it begins.</param>
    /// <returns>What the instance's record there says.</returns>
    /// <exception cref="PortException">InvalidRequest: the host lives, or the instance is not there
    /// as it was said. VolumeDriver: it cannot be read.</exception>
    Task<DeadInstance> FenceAsync(
        DeadStore store, InstanceId id, CancellationToken cancellationToken);
}

/// <summary>An instance of a dead host, as its record says it was.</summary>
/// <param name="IsOn">Whether its machine was to run; null: its host ran none.</param>
public sealed record DeadInstance(bool? IsOn);

/// <summary>The fences in a host's own store. Small: the caller waits for it.</summary>
public interface IStoreFences
{
    /// <summary>Every fence that can be read.</summary>
    IReadOnlyList<EvacuationFence> ReadFences();

    /// <summary>Removes an instance's fence, durably. One that is not there is no error.</summary>
    /// <exception cref="PortException">It cannot be removed.</exception>
    void LiftFence(InstanceId id);
}
