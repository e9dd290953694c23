using NovaCow.Core;

namespace NovaCow.Actors.Protocols;

/// <summary>Everything that a BaseVolumeActor takes or answers; never leaves its host.</summary>
public interface IBaseVolumeMessage;

/// <summary>What InstanceActor asks of the BaseVolumeActor of each of its disks.</summary>
public static class BaseVolumeProtocol
{
    /// <summary>Makes a clone once the base is ready; the sender is answered by
    /// <see cref="DiskMade"/> or <see cref="DiskFailed"/>.</summary>
    /// <param name="Instance">The instance that gets it.</param>
    /// <param name="Attempt">The fence of the attempt; answers carry it back.</param>
    /// <param name="Disk">Which disk, and of which base.</param>
    public sealed record MakeDisk(InstanceId Instance, LaunchFence Attempt, PlannedDisk Disk)
        : IBaseVolumeMessage;

    /// <summary>The disk is durable.</summary>
    /// <param name="Attempt">The attempt that asked.</param>
    /// <param name="Disk">The disk.</param>
    /// <param name="BaseWait">How long it waited for its base; zero when that was ready.</param>
    public sealed record DiskMade(LaunchFence Attempt, InstanceDisk Disk, TimeSpan BaseWait)
        : IBaseVolumeMessage;

    /// <summary>The disk was not made, and nothing is left of it.</summary>
    public sealed record DiskFailed(LaunchFence Attempt, DiskName Disk, LaunchError Error)
        : IBaseVolumeMessage;

    /// <summary>Removes a clone, or takes a wish for one back; answered by
    /// <see cref="DiskDeleted"/> or <see cref="DiskFailed"/>. One that is not there is no error.</summary>
    public sealed record DeleteDisk(InstanceId Instance, LaunchFence Attempt, PlannedDisk Disk)
        : IBaseVolumeMessage;

    /// <summary>Nothing is left of the disk.</summary>
    public sealed record DiskDeleted(LaunchFence Attempt, DiskName Disk) : IBaseVolumeMessage;
}
