using NovaCow.Core;
using NovaCow.Core.Hosting;

namespace NovaCow.Actors.Protocols;

/// <summary>What hosts say of the images that they made of disks.</summary>
public static partial class SchedulerProtocol
{
    /// <summary>A host holds these captured images, and no others of its cluster: said after each
    /// <see cref="HostProtocol.Welcome"/>, and when it changed. One that never says so holds none.
    /// </summary>
    public sealed record CapturesHeld(HostId Host, HeldCaptures Held) : IFromHost;
}
