namespace NovaCow.Core;

/// <summary>
/// Makes base volumes and clones of them on one host's store. It never decides what to make, and
/// keeps no state that is not on the disk.
/// </summary>
/// <remarks>
/// <para>Every method is idempotent. Calls for different disks may run at the same time; the caller
/// never makes two calls for the same base or the same disk at once, and never deletes a base that
/// has clones.</para>
/// <para>Success means durable: what was returned survives a power loss; for a disk, once its
/// instance's record is published, without which the next start removes it. A crash, or a failure
/// that could not be undone, leaves only what <see cref="ListAsync"/> does not return and removes;
/// so whoever does not hear of a success makes the same call again.</para>
/// <para>Cancelling asks a call to give up: it ends with OperationCanceledException and leaves
/// nothing, or, when it is past that, succeeds. What only looks leaves nothing in any case.</para>
/// <para>Expected failures are <see cref="PortException"/>s with UnsafeImage,
/// InsufficientStorage, InvalidRequest (what was asked cannot be done to this disk) or
/// VolumeDriver.</para>
/// </remarks>
public interface IVolumeDriver
{
    /// <summary>The name it is chosen by in configuration and in a launch, one of
    /// <see cref="DriverName"/>'s; disks carry it in <see cref="InstanceDisk.Driver"/>.</summary>
    string Name { get; }

    /// <summary>Makes a base from an inspected image file, or a blank one, and publishes it. One
    /// that is there and damaged is made again and takes the damaged one's place in one step, so
    /// that clones that refer to it read right again; when the new bytes are not those that the old
    /// base was published with, the damaged one stays and the call fails for good with DamagedBase.
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

    /// <summary>Makes a clone of a base, or where this driver shares nothing a copy. A disk of that
    /// name that is already whole is returned as it is, when its base and size are those asked for;
    /// else the call fails: with DamagedBase when a cheap look at the base shows that it is not
    /// what was published, or it was found damaged before. A file to boot with of another base than
    /// the one that the instance's record names is made beside that one, under another path.
    /// </summary>
    /// <param name="request">What to make.</param>
    /// <param name="progress">Bytes of the disk written so far, where that takes time.</param>
    /// <param name="cancellationToken">Gives up and leaves nothing.</param>
    Task<Ensured<InstanceDisk>> EnsureDiskAsync(
        CloneRequest request, IProgress<long>? progress, CancellationToken cancellationToken);

    /// <summary>
    /// Changes a disk that no one has open: its size, or where its bytes lie. What a guest reads
    /// from it never changes, but by <see cref="DiskChange.Rebuild"/>. A disk that is already as
    /// asked is returned as it is; a disk that is in use is refused with InvalidRequest.
    /// </summary>
    /// <param name="request">The disk as it is and what is to become of it.</param>
    /// <param name="progress">Bytes of the disk looked at so far.</param>
    /// <param name="cancellationToken">Gives up: the disk is as it was, or on its way, and whole in
    /// either case; the same call later goes on.</param>
    /// <returns>
    /// The disk as it is now, of this driver. When its path is another than before, the disk as it
    /// was stays beside it until the caller has published the instance's record with the new one
    /// and has deleted the old one by its own driver; a start removes whichever the record does not
    /// name. When the path is the same, the change is atomic, and after a crash the disk itself says
    /// which base it has and how large it is, whatever the record says.
    /// </returns>
    Task<InstanceDisk> ChangeDiskAsync(
        DiskChangeRequest request, IProgress<long>? progress, CancellationToken cancellationToken);

    /// <summary>Removes a disk that this driver made; one that does not exist is no error. The
    /// instance's record is deleted first, or published without the disk: then a disk of which a
    /// crash leaves anything is removed by the next start. Where disks are files, the one that the
    /// record names stays, and what else this driver has under the disk's name goes.</summary>
    Task DeleteDiskAsync(InstanceId instance, DiskName disk, CancellationToken cancellationToken);

    /// <summary>Removes a base without clones; one that does not exist is no error. It goes in one
    /// step: after a crash it is whole, or gone from <see cref="ListAsync"/>.</summary>
    Task DeleteBaseAsync(BaseKey key, CancellationToken cancellationToken);

    /// <summary>
    /// Reads a base whole and compares it with what it was when it was published: size, mode, owner
    /// and digest. Changes nothing of the base; slow, and meant to be throttled by the caller's
    /// progress. Damage is recorded beside the base, durably, and stays recorded until the base is
    /// made again or removed. A base whose digest nobody knows yet gets the seal by which it is
    /// judged from then on.
    /// </summary>
    /// <param name="key">A base that exists.</param>
    /// <param name="progress">Bytes read so far; a report that blocks slows the reading.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Why the base is not what it was; null: it is.</returns>
    Task<string?> VerifyBaseAsync(
        BaseKey key, IProgress<long>? progress, CancellationToken cancellationToken);

    /// <summary>
    /// Everything whole of this driver's on the store, for reconciliation at start; what a crash
    /// left half-made is removed first, and so are disks of instances without a record. A record
    /// that is there and cannot be read keeps its disks. What is damaged is neither returned nor
    /// removed. Runs before any other call.
    /// </summary>
    Task<VolumeInventory> ListAsync(CancellationToken cancellationToken);

    /// <summary>What this driver's bases and disks take now, and which of it they share. Only
    /// looks, one look at each volume, and may run beside any other call: what is made or removed
    /// meanwhile may be in it or not.</summary>
    Task<VolumeUsage> MeasureAsync(CancellationToken cancellationToken);
}

/// <summary>A clone to make.</summary>
/// <param name="Instance">The instance that gets it.</param>
/// <param name="Disk">Its name within the instance.</param>
/// <param name="Base">A base that exists.</param>
/// <param name="VirtualSizeBytes">Its size, at least the base's; a multiple of 512.</param>
public sealed record CloneRequest(
    InstanceId Instance, DiskName Disk, BaseKey Base, long VirtualSizeBytes)
{
    /// <summary>How the disk is laid out; only a driver that copies can do anything but
    /// <see cref="DiskLayout.Whole"/>.</summary>
    public DiskLayout Layout { get; init; } = DiskLayout.Whole;

    /// <summary>What becomes the second partition where the disk is partitioned; null: nothing
    /// does.</summary>
    public BlankSpec? LocalStorage { get; init; }

    /// <summary>The file whose bytes the disk is to hold, where those are not the base's: then it
    /// keeps what differs from the base. The file is only read, and must not be in use.</summary>
    public ForeignDisk? Contents { get; init; }

    /// <summary>The other host whose bytes the disk is to hold; null: they are not another host's.
    /// What comes is not believed: what does not fit the request, or its own digest, is refused
    /// with VolumeDriver, and leaves nothing. It begins again when it is asked again. Drivers that
    /// take in no such disk refuse it.</summary>
    public TransferredDisk? Transfer { get; init; }
}

/// <summary>A disk, and what is to become of it.</summary>
/// <param name="Instance">The instance that has it.</param>
/// <param name="Disk">The disk as its record says it is; of any driver whose disks are of the same
/// kind (files, or logical volumes).</param>
/// <param name="Change">What to do.</param>
public sealed record DiskChangeRequest(InstanceId Instance, InstanceDisk Disk, DiskChange Change);

/// <summary>What can be done to a disk.</summary>
public abstract record DiskChange
{
    private DiskChange()
    {
    }

    /// <summary>Makes it larger; a smaller size is refused.</summary>
    /// <param name="VirtualSizeBytes">The new size; a multiple of 512.</param>
    public sealed record Grow(long VirtualSizeBytes) : DiskChange;

    /// <summary>Lets it own all of its bytes, so that it needs no base.</summary>
    public sealed record Flatten : DiskChange;

    /// <summary>
    /// Makes it a clone of this base that keeps only what differs: from another base, or from a
    /// disk that owns its bytes and so becomes copy-on-write.
    /// </summary>
    /// <param name="Base">A base that exists, no larger than the disk.</param>
    public sealed record Rebase(BaseKey Base) : DiskChange;

    /// <summary>
    /// Makes it a fresh clone of this base, or where the driver shares nothing a copy, of the size
    /// that it has: what it held is gone with the old disk. Where disks are files always one of
    /// another path, as the old one is whole until the caller deletes it; a logical volume takes
    /// the old one's place in one step. A disk laid out for EC2 is refused.
    /// </summary>
    /// <param name="Base">A base that exists, no larger than the disk.</param>
    public sealed record Rebuild(BaseKey Base) : DiskChange;
}
