using NovaCow.Core;
using NovaCow.Core.Scheduling;

namespace NovaCow.Actors.Protocols;

/// <summary>Changes of instances' disks, as the scheduler asks for them.</summary>
public static partial class HostProtocol
{
    /// <summary>
    /// Change the instance's disks; answered by <see cref="SchedulerProtocol.Changed"/> or
    /// <see cref="SchedulerProtocol.ChangeFailed"/>, the same answer however often it is asked.
    /// A newer change takes the place of one that is under way.
    /// </summary>
    /// <param name="Id">The instance.</param>
    /// <param name="Fence">Its attempt.</param>
    /// <param name="Number">Which of its changes, from 1.</param>
    /// <param name="What">What is to be done.</param>
    public sealed record Change(
        InstanceId Id, LaunchFence Fence, int Number, InstanceChange What) : IHostMessage;

    /// <summary>Give a change up; answered as <see cref="Change"/> is: it may have been done.
    /// </summary>
    public sealed record CancelChange(
        InstanceId Id, LaunchFence Fence, int Number, ChangeKind Kind) : IHostMessage;
}
