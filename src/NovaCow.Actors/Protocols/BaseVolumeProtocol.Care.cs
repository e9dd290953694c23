using NovaCow.Core;

namespace NovaCow.Actors.Protocols;

/// <summary>What a base and its HostActor say to each other of verification, eviction and room.
/// </summary>
public static partial class BaseVolumeProtocol
{
    /// <summary>The base is to be verified when its turn comes; a damaged one is made again.
    /// </summary>
    public sealed record Scrub : IBaseVolumeMessage;

    /// <summary>The base asks its host for a turn to be read.</summary>
    public sealed record AskToScrub(BaseKey Key) : IBaseVolumeMessage;

    /// <summary>It is the base's turn, until <see cref="ScrubEnded"/>.</summary>
    public sealed record MayScrub : IBaseVolumeMessage;

    /// <summary>The reading ended, or was not needed.</summary>
    public sealed record ScrubEnded(BaseKey Key) : IBaseVolumeMessage;

    /// <summary>The base is to go, if nothing needs it; answered by <see cref="EvictionEnded"/>.
    /// </summary>
    /// <param name="Order">Which order it comes from; null: room is needed.</param>
    public sealed record Evict(long? Order) : IBaseVolumeMessage;

    /// <summary>The base is gone, or stays.</summary>
    /// <param name="Key">The base.</param>
    /// <param name="Order">As it was asked.</param>
    /// <param name="FreedBytes">What its removal gave back.</param>
    /// <param name="Error">Why it stays; null: it is gone.</param>
    public sealed record EvictionEnded(
        BaseKey Key, long? Order, long FreedBytes, RequestError? Error) : IBaseVolumeMessage;

    /// <summary>A disk needs room before it is made; answered by <see cref="Room"/>.</summary>
    /// <param name="Base">The base that it is made from.</param>
    /// <param name="Instance">The instance that gets it.</param>
    /// <param name="Disk">The disk.</param>
    /// <param name="Bytes">The most that it takes when it is made.</param>
    public sealed record AskForRoom(BaseKey Base, InstanceId Instance, DiskName Disk, long Bytes)
        : IBaseVolumeMessage;

    /// <summary>The room is promised until <see cref="RoomUsed"/>, or there is none.</summary>
    public sealed record Room(InstanceId Instance, DiskName Disk, LaunchError? Error)
        : IBaseVolumeMessage;

    /// <summary>The promise is kept, or needed no more.</summary>
    public sealed record RoomUsed(BaseKey Base, InstanceId Instance, DiskName Disk)
        : IBaseVolumeMessage;
}
