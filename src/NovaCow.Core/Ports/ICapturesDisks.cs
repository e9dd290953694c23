using NovaCow.Core.Hosting;

namespace NovaCow.Core;

/// <summary>
/// Makes images of instances' disks, and keeps them in the host's store for other hosts to fetch.
/// </summary>
/// <remarks>Idempotent; a crash, or a failure, leaves nothing that the next start does not remove.
/// Success means durable. Expected failures are <see cref="PortException"/>s with
/// InsufficientStorage, UnsafeImage (what the guest wrote may be no image), InvalidRequest (the
/// disk is in use) or VolumeDriver.</remarks>
public interface ICapturesDisks
{
    /// <summary>The raw file into which a hypervisor may copy a running machine's disk, to be
    /// captured; its folder exists, it does not. One for each instance.</summary>
    string IncomingCopy(InstanceId instance);

    /// <summary>
    /// Makes an image of a disk: all of its bytes, its base's included, inspected as any image
    /// from outside is, pinned by its digest, published.
    /// </summary>
    /// <param name="request">What to capture.</param>
    /// <param name="progress">Bytes of the disk looked at so far.</param>
    /// <param name="cancellationToken">Gives up and leaves nothing.</param>
    /// <returns>The image, without a name of the catalogue's to hold it against.</returns>
    Task<CapturedImage> CaptureAsync(
        CaptureRequest request, IProgress<long>? progress, CancellationToken cancellationToken);

    /// <summary>The images that were made here and are whole.</summary>
    Task<IReadOnlyList<HeldCapture>> ListCapturesAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Removes images that were made here, in order; one that does not exist is no error, and what
    /// comes after one that cannot be removed stays. The call alone gives it its place: what is
    /// captured by a later call is published after it. While a capture is under way it is refused
    /// with a retryable InvalidRequest, as that may come to the same bytes.
    /// </summary>
    Task RemoveAsync(IReadOnlyList<Digest> digests, CancellationToken cancellationToken);
}

/// <summary>A disk to make an image of.</summary>
/// <param name="Instance">The instance.</param>
/// <param name="Disk">The disk, as its record says it is.</param>
/// <param name="Copy">The copy of it that a hypervisor made at
/// <see cref="ICapturesDisks.IncomingCopy"/>, which is taken and removed; null: the disk itself,
/// which nobody has open.</param>
public sealed record CaptureRequest(InstanceId Instance, InstanceDisk Disk, string? Copy)
{
    /// <summary>The cluster that the image is for; null: none is known.</summary>
    public string? Cluster { get; init; }
}

/// <summary>An image that was made of a disk.</summary>
/// <param name="Source">Where hosts fetch it.</param>
/// <param name="Digest">The digest of the file.</param>
/// <param name="Format">Its format.</param>
/// <param name="SizeBytes">The file's length.</param>
/// <param name="VirtualSizeBytes">The disk's size.</param>
public sealed record CapturedImage(
    Uri Source, Digest Digest, DiskFormat Format, long SizeBytes, long VirtualSizeBytes);
