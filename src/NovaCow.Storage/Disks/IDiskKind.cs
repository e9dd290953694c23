using Microsoft.Win32.SafeHandles;
using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>
/// One kind of disk file: how its bytes are written, and what a file of it says it is. It blocks,
/// and knows nothing of instances, records or folders.
/// </summary>
internal interface IDiskKind
{
    /// <summary>The driver whose disks are of this kind.</summary>
    string Driver { get; }

    /// <summary>qemu's name of the format.</summary>
    string Format { get; }

    /// <summary>How the files' names end, without the dot.</summary>
    string Extension { get; }

    /// <summary>Whether a new disk needs its base; else it owns its bytes.</summary>
    bool HasBackingFile { get; }

    /// <summary>Whether its disks share blocks with raw files on the same file system.</summary>
    bool SharesBlocks => false;

    /// <summary>The largest disk.</summary>
    long MaxVirtualBytes { get; }

    /// <summary>Whether disks of this kind can be partitioned: <see cref="NewDisk.Partitions"/>.
    /// </summary>
    bool CanPartition => false;

    /// <summary>Fills a new, empty file; the caller syncs it, and removes it on failure.</summary>
    /// <returns>What <see cref="Read"/> will say of it.</returns>
    /// <exception cref="StoreIoException">The kernel refused a step.</exception>
    /// <exception cref="PortException">What was asked cannot be done.</exception>
    DiskFacts Write(
        StoreFiles files, NewDisk disk, IProgress<long>? progress, CancellationToken token);

    /// <summary>What fills a new, empty file with a disk that is there already; the caller syncs
    /// it, and removes it on failure.</summary>
    /// <exception cref="StoreIoException">The kernel refused a step.</exception>
    IDiskSink Rewrite(DiskTarget target);

    /// <summary>Makes a disk larger where it stands, in one step, which the caller syncs; false,
    /// and nothing was changed, when its file has to be written anew.</summary>
    bool TryGrow(StoreFiles files, OpenDisk disk, long virtualSizeBytes);

    /// <summary>What the file says; null and why when it is no whole disk of this kind.</summary>
    DiskFacts? Read(SafeFileHandle file, string path, out string problem);
}

/// <summary>A disk file to fill.</summary>
/// <param name="Request">What it is to be.</param>
/// <param name="File">The file, open for writing.</param>
/// <param name="Path">Its path.</param>
/// <param name="BasePath">The base's raw file.</param>
internal sealed record NewDisk(
    CloneRequest Request, SafeFileHandle File, string Path, string BasePath)
{
    /// <summary>How it is partitioned; null: it is not.</summary>
    public PartitionedDisk? Partitions { get; init; }

    /// <summary>The file whose bytes become the second partition; null when there is none.
    /// </summary>
    public string? LocalStoragePath { get; init; }
}

/// <summary>What a disk file says of itself.</summary>
/// <param name="Base">The base that it is a clone of; null: it owns its bytes.</param>
/// <param name="VirtualSizeBytes">Its size as a disk.</param>
/// <param name="Layout">How it is laid out.</param>
internal sealed record DiskFacts(
    BaseKey? Base, long VirtualSizeBytes, DiskLayout Layout = DiskLayout.Whole);
