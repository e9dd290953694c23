namespace NovaCow.Core;

/// <summary>A volume driver whose disks can go to another host, where a driver takes them in by
/// <see cref="CloneRequest.Transfer"/>.</summary>
public interface ITransfersDisks
{
    /// <summary>
    /// Writes what a disk holds beyond its base, and nothing else of it, with a digest at the end.
    /// Changes nothing; a crash or cancelling leaves nothing. Nobody may have the disk open: it is
    /// refused with InvalidRequest, also when somebody opens it meanwhile.
    /// </summary>
    /// <param name="instance">The instance that has the disk.</param>
    /// <param name="disk">The disk as its record says it is.</param>
    /// <param name="into">Takes the bytes; it is not closed.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="PortException">The disk is in use, or not whole.</exception>
    Task ExportAsync(
        InstanceId instance, InstanceDisk disk, Stream into, CancellationToken cancellationToken);
}

/// <summary>Fetches disks that another host lends.</summary>
public interface ITransferClient
{
    /// <summary>Opens the bytes of one disk. A read fails when nothing comes for long; nothing is
    /// believed of what comes.</summary>
    /// <param name="source">Where it is.</param>
    /// <param name="disk">Which disk.</param>
    /// <param name="cancellationToken">Gives up, also while the stream is read.</param>
    /// <exception cref="PortException">It cannot be reached, or refuses.</exception>
    Task<Stream> OpenAsync(
        TransferSource source, DiskName disk, CancellationToken cancellationToken);
}
