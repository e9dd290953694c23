namespace NovaCow.Core;

/// <summary>
/// Looks at folders of another system's instances on this host, of which only those that the
/// operator named may be looked at. It changes nothing in them.
/// </summary>
/// <remarks>Expected failures are <see cref="PortException"/>s with InvalidRequest (a folder that
/// is not named in configuration, or is not laid out so) or VolumeDriver (it cannot be read).
/// </remarks>
public interface IForeignFolders
{
    /// <summary>What a folder holds, by the words of its own descriptions.</summary>
    /// <param name="folder">Its absolute path.</param>
    /// <param name="withDigests">Whether its bases are read whole for their digests.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<ForeignFolder> ScanAsync(
        string folder, bool withDigests, CancellationToken cancellationToken);
}
