using NovaCow.Core;

namespace NovaCow.Actors.Protocols;

/// <summary>What the scheduler asks of the images that a host made of disks.</summary>
public static partial class HostProtocol
{
    /// <summary>Remove images that nobody refers to; answered by
    /// <see cref="SchedulerProtocol.CapturesHeld"/> with what is left.</summary>
    /// <param name="Epoch">The leader's epoch: what a deposed one wants is passed over.</param>
    /// <param name="Number">Of the <see cref="SchedulerProtocol.CapturesHeld"/> that it was decided
    /// by: once another capture has begun, nothing is removed.</param>
    /// <param name="Digests">The images; those that are not there are no error.</param>
    public sealed record DropCaptures(long Epoch, long Number, IReadOnlyList<Digest> Digests)
        : IHostMessage;
}
