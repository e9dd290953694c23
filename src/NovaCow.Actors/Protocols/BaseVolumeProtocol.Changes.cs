using NovaCow.Core;

namespace NovaCow.Actors.Protocols;

/// <summary>Changes of disks that exist, between InstanceActor and the BaseVolumeActors.</summary>
public static partial class BaseVolumeProtocol
{
    /// <summary>
    /// Changes a disk where it is; answered by <see cref="DiskMade"/> with the disk as it is then,
    /// or by <see cref="DiskFailed"/>. A disk that leaves its base keeps its reference until
    /// <see cref="LetDiskGo"/>.
    /// </summary>
    /// <param name="Attempt">The fence of the attempt; answers carry it back.</param>
    /// <param name="Request">The disk and what is to become of it.</param>
    public sealed record ChangeDisk(LaunchFence Attempt, DiskChangeRequest Request)
        : IBaseVolumeMessage;

    /// <summary>How far a change of a disk is.</summary>
    public sealed record DiskChanging(LaunchFence Attempt, DiskName Disk, long DoneBytes)
        : IBaseVolumeMessage;

    /// <summary>Gives a change up, also one that waits for its base: what was asked is answered
    /// all the same.</summary>
    /// <param name="Instance">The instance.</param>
    /// <param name="Disk">The disk.</param>
    /// <param name="Base">The base that was asked.</param>
    public sealed record CancelDiskChange(InstanceId Instance, DiskName Disk, BaseKey Base)
        : IBaseVolumeMessage;

    /// <summary>A disk is no clone of this base any more: the base forgets it, and touches nothing
    /// of it.</summary>
    public sealed record LetDiskGo(InstanceId Instance, DiskName Disk, BaseKey Base)
        : IBaseVolumeMessage;
}
