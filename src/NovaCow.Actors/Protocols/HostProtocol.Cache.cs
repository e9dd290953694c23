using NovaCow.Core;
using NovaCow.Core.Hosting;

namespace NovaCow.Actors.Protocols;

/// <summary>What the scheduler asks of a host's cache. Each carries the leader's epoch: what a
/// deposed one wants is passed over.</summary>
public static partial class HostProtocol
{
    /// <summary>Have a base of the image, ahead of any launch; the base's reports say how it goes,
    /// and there is one at once.</summary>
    public sealed record EnsureBase(long Epoch, Image Image) : IHostMessage;

    /// <summary>Keep these bases from now on, instead of those that were named before.</summary>
    public sealed record Keep(long Epoch, KeptBases Kept) : IHostMessage;
}
