using NovaCow.Core;
using NovaCow.Core.Scheduling;

namespace NovaCow.Actors.Protocols;

/// <summary>What clients ask of the copies and the versions of images.</summary>
public static partial class SchedulerProtocol
{
    /// <summary>Has an image on so many hosts, and on these; neither: it is wanted nowhere.
    /// Answered by <see cref="CacheFound"/>.</summary>
    public sealed record Precache(ImageName Image, int Copies, IReadOnlyList<HostId> Hosts)
        : ISchedulerMessage;

    /// <summary>Keeps an image's copies from eviction, or does so no more; answered by
    /// <see cref="CacheFound"/>.</summary>
    /// <param name="Image">The image.</param>
    /// <param name="IsPinned">Whether they are kept from now on.</param>
    /// <param name="Hosts">On these hosts; none: on all.</param>
    public sealed record PinImage(
        ImageName Image, bool IsPinned, IReadOnlyList<HostId> Hosts) : ISchedulerMessage;

    /// <summary>Answered by <see cref="CacheFound"/>.</summary>
    /// <param name="Image">Only this image; null: every one.</param>
    public sealed record GetCache(ImageName? Image) : ISchedulerMessage;

    /// <summary>The copies of images, by name, and the caches of hosts, by host.</summary>
    public sealed record CacheFound(
        IReadOnlyList<ImageCacheInfo> Images, IReadOnlyList<HostCacheInfo> Hosts)
        : ISchedulerMessage;

    /// <summary>Gives an image a next version; answered by <see cref="ImageFound"/>.</summary>
    /// <param name="Next">The version, under the image's name.</param>
    /// <param name="MinWarm">Launches take it once so many hosts have it; null: as many as have the
    /// current one.</param>
    public sealed record UpdateImage(Image Next, int? MinWarm) : ISchedulerMessage;

    /// <summary>Gives the update of an image up; answered by <see cref="ImageFound"/>.</summary>
    public sealed record AbortImageUpdate(ImageName Name) : ISchedulerMessage;

    /// <summary>Goes back to an image's previous version; answered by <see cref="ImageFound"/>.
    /// </summary>
    public sealed record RollBackImage(ImageName Name) : ISchedulerMessage;
}
