namespace NovaCow.Core;

/// <summary>
/// Makes base volumes and copy-on-write clones of them on one host's store. It never decides what
/// to make, and keeps no state that is not on the disk.
/// </summary>
/// <remarks>
/// <para>Every method is idempotent. Calls for different disks may run at the same time; the caller
/// never makes two calls for the same base or the same disk at once, and never deletes a base that
/// has clones.</para>
/// <para>Success means durable: what was returned survives a power loss. A crash or a cancellation
/// in the middle leaves only files that <see cref="ListAsync"/> does not return and removes.</para>
/// <para>Expected failures are <see cref="PortException"/>s with UnsafeImage,
/// InsufficientStorage or VolumeDriver.</para>
/// </remarks>
public interface IVolumeDriver
{
    /// <summary>The name it is chosen by in configuration, for example <c>qcow2</c>.</summary>
    string Name { get; }

    /// <summary>Makes a base from an inspected image file, or a blank one, and publishes it.
    /// </summary>
    /// <param name="content">What it holds, and so its key.</param>
    /// <param name="imagePath">The fetched and inspected image; null for a blank base.</param>
    /// <param name="progress">Bytes of the disk written so far.</param>
    /// <param name="cancellationToken">Gives up and leaves nothing.</param>
    Task<Ensured<BaseVolume>> EnsureBaseAsync(
        BaseContent content,
        string? imagePath,
        IProgress<long>? progress,
        CancellationToken cancellationToken);

    /// <summary>Makes a clone of a base. A disk of that name that is already whole is returned as
    /// it is, when its base and size are those asked for; else the call fails.</summary>
    Task<Ensured<InstanceDisk>> EnsureDiskAsync(
        CloneRequest request, CancellationToken cancellationToken);

    /// <summary>Removes a disk; one that does not exist is no error.</summary>
    Task DeleteDiskAsync(InstanceId instance, DiskName disk, CancellationToken cancellationToken);

    /// <summary>Removes a base without clones; one that does not exist is no error.</summary>
    Task DeleteBaseAsync(BaseKey key, CancellationToken cancellationToken);

    /// <summary>
    /// Everything whole on the store, for reconciliation at start; what a crash left half-made is
    /// removed first, and so are disks of instances without a record. A record that is there and
    /// cannot be read keeps its disks. Runs before any other call.
    /// </summary>
    Task<VolumeInventory> ListAsync(CancellationToken cancellationToken);
}

/// <summary>A clone to make.</summary>
/// <param name="Instance">The instance that gets it.</param>
/// <param name="Disk">Its name within the instance.</param>
/// <param name="Base">A base that exists.</param>
/// <param name="VirtualSizeBytes">Its size, at least the base's; a multiple of 512.</param>
public sealed record CloneRequest(
    InstanceId Instance, DiskName Disk, BaseKey Base, long VirtualSizeBytes);
