using NovaCow.Core;
using NovaCow.Core.Scheduling;

namespace NovaCow.Actors.Protocols;

/// <summary>What clients say to SchedulerActor to take over another system's instances.</summary>
public static partial class SchedulerProtocol
{
    /// <summary>Has a host look at a folder; answered by <see cref="FolderScanned"/>, or by
    /// <see cref="Refused"/> when the host cannot be asked or refuses.</summary>
    /// <param name="Host">The host that has the folder.</param>
    /// <param name="Folder">Its absolute path.</param>
    /// <param name="WithDigests">Whether its bases are read for their digests.</param>
    public sealed record ScanFolder(HostId Host, string Folder, bool WithDigests)
        : ISchedulerMessage;

    /// <summary>What the folder holds.</summary>
    public sealed record FolderScanned(ForeignFolder Found) : ISchedulerMessage;

    /// <summary>Takes instances over; answered by <see cref="LaunchAccepted"/>, for all of them or
    /// none.</summary>
    public sealed record Adopt(IReadOnlyList<AdoptionRequest> Instances) : ISchedulerMessage;
}
