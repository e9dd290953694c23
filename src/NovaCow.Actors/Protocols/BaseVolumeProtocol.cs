using NovaCow.Core;
using NovaCow.Core.Hosting;

namespace NovaCow.Actors.Protocols;

/// <summary>Everything that a BaseVolumeActor takes or answers; never leaves its host.</summary>
public interface IBaseVolumeMessage;

/// <summary>What InstanceActor asks of the BaseVolumeActor of each of its disks, through HostActor;
/// and what the base and its HostActor say to each other.</summary>
public static partial class BaseVolumeProtocol
{
    /// <summary>Makes a clone once the base is ready; the sender is answered by
    /// <see cref="DiskMade"/> or <see cref="DiskFailed"/>.</summary>
    /// <param name="Instance">The instance that gets it.</param>
    /// <param name="Attempt">The fence of the attempt; answers carry it back.</param>
    /// <param name="Disk">Which disk, and of which base.</param>
    /// <param name="Driver">The driver that makes it.</param>
    public sealed record MakeDisk(
        InstanceId Instance, LaunchFence Attempt, PlannedDisk Disk, string Driver)
        : IBaseVolumeMessage
    {
        /// <summary>The disk as it is, for one that exists and becomes a clone of this base; null:
        /// it is made anew.</summary>
        public InstanceDisk? Existing { get; init; }

        /// <summary>Whether what the existing disk holds is to be lost: it becomes a fresh clone.
        /// </summary>
        public bool Rebuilds { get; init; }
    }

    /// <summary>The disk is durable.</summary>
    /// <param name="Attempt">The attempt that asked.</param>
    /// <param name="Disk">The disk.</param>
    /// <param name="BaseWait">How long it waited for its base; zero when that was ready.</param>
    public sealed record DiskMade(LaunchFence Attempt, InstanceDisk Disk, TimeSpan BaseWait)
        : IBaseVolumeMessage;

    /// <summary>A disk that takes long, because it is copied, came further.</summary>
    /// <param name="Instance">The instance that gets it.</param>
    /// <param name="Attempt">The attempt that asked.</param>
    /// <param name="Disk">The disk.</param>
    /// <param name="DoneBytes">Bytes that are copied.</param>
    /// <param name="TotalBytes">Bytes in all.</param>
    public sealed record DiskProgressed(
        InstanceId Instance, LaunchFence Attempt, DiskName Disk, long DoneBytes, long TotalBytes)
        : IBaseVolumeMessage;

    /// <summary>What was asked last of the disk did not succeed. One that was not made has left
    /// nothing.</summary>
    public sealed record DiskFailed(LaunchFence Attempt, DiskName Disk, LaunchError Error)
        : IBaseVolumeMessage;

    /// <summary>Removes a clone, or takes a wish for one back; answered by
    /// <see cref="DiskDeleted"/> or <see cref="DiskFailed"/>. One that is not there is no error.
    /// </summary>
    public sealed record DeleteDisk(InstanceId Instance, LaunchFence Attempt, DiskRef Disk)
        : IBaseVolumeMessage;

    /// <summary>A disk of an instance.</summary>
    /// <param name="Name">Its name.</param>
    /// <param name="Base">The base that it is a clone of; null: of none.</param>
    /// <param name="Driver">The driver that makes or made it.</param>
    public sealed record DiskRef(DiskName Name, BaseKey? Base, string Driver);

    /// <summary>Nothing is left of the disk.</summary>
    public sealed record DiskDeleted(LaunchFence Attempt, DiskName Disk) : IBaseVolumeMessage;

    /// <summary>The base asks its host for a turn and for room to be made.</summary>
    public sealed record AskToBuild(BaseKey Key, string Title, long NeededBytes)
        : IBaseVolumeMessage
    {
        /// <summary>Who serves what it is made of; null: nobody.</summary>
        public string? Source { get; init; }

        /// <summary>No launch waits for it.</summary>
        public bool IsAhead { get; init; }
    }

    /// <summary>It is the base's turn, and there is room until <see cref="BuildEnded"/>.</summary>
    public sealed record MayBuild : IBaseVolumeMessage;

    /// <summary>The base may not be made now.</summary>
    public sealed record MayNotBuild(LaunchError Error) : IBaseVolumeMessage;

    /// <summary>The making ended, well or not: turn and room are given back.</summary>
    public sealed record BuildEnded(BaseKey Key) : IBaseVolumeMessage;

    /// <summary>The base changed, or came further.</summary>
    /// <param name="Report">How it is.</param>
    /// <param name="Volume">The volume, once it is ready.</param>
    public sealed record Changed(BaseReport Report, BaseVolume? Volume) : IBaseVolumeMessage;
}
