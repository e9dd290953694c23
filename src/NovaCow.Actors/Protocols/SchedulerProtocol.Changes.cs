using System.Text.Json.Serialization;
using NovaCow.Core;
using NovaCow.Core.Scheduling;

namespace NovaCow.Actors.Protocols;

/// <summary>Changes of instances' disks: what clients ask, and what hosts say.</summary>
public static partial class SchedulerProtocol
{
    /// <summary>Changes an instance's disks; answered by <see cref="InstanceFound"/> with the
    /// change under way. The same one again is answered as it is; another one meanwhile is a
    /// conflict.</summary>
    public sealed record ChangeInstance(InstanceId Id, ChangeRequest Request) : ISchedulerMessage;

    /// <summary>Has the change under way given up; answered by <see cref="InstanceFound"/> with
    /// the change as it is then. One that has ended stays as it ended.</summary>
    public sealed record CancelInstanceChange(InstanceId Id) : ISchedulerMessage;

    /// <summary>How far a change is, said every now and then by its host.</summary>
    public sealed record ChangeProgressed(
        HostId Host, InstanceId Id, LaunchFence Fence, int Number, ChangeProgress Progress)
        : IFromHost;

    /// <summary>The disks are as asked, and so is their record on the host.</summary>
    /// <param name="Host">The host.</param>
    /// <param name="Id">The instance.</param>
    /// <param name="Fence">Its attempt.</param>
    /// <param name="Ended">Which change, and how the disks are now.</param>
    public sealed record Changed(HostId Host, InstanceId Id, LaunchFence Fence, EndedChange Ended)
        : IFromHost;

    /// <summary>The change failed or was given up; the disks are whole.</summary>
    public sealed record ChangeFailed(
        HostId Host, InstanceId Id, LaunchFence Fence, EndedChange Ended, LaunchError Error)
        : IFromHost;

    /// <summary>A change that ended on its host.</summary>
    /// <param name="Number">Which of the instance's changes.</param>
    /// <param name="Kind">What it was.</param>
    /// <param name="Disks">The instance's disks as they are now; null: the host does not have
    /// them.</param>
    /// <param name="Bytes">What they took before and after, where that was measured.</param>
    public sealed record EndedChange(
        int Number, ChangeKind Kind, IReadOnlyList<InstanceDisk>? Disks, ChangeBytes? Bytes)
    {
        /// <summary>The image that was made of a disk.</summary>
        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public Image? Captured { get; init; }
    }
}
