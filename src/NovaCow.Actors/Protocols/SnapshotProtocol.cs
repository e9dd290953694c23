using NovaCow.Core;

namespace NovaCow.Actors.Protocols;

/// <summary>Everything that a SnapshotActor takes or answers; never leaves its base.</summary>
public interface ISnapshotMessage;

/// <summary>What a BaseVolumeActor asks of the SnapshotActor of one clone.</summary>
public static partial class SnapshotProtocol
{
    /// <summary>Makes the clone; answered by <see cref="Made"/> or <see cref="NotMade"/>.</summary>
    public sealed record Make(CloneRequest Request) : ISnapshotMessage;

    /// <summary>The clone is durable.</summary>
    public sealed record Made(InstanceDisk Disk, bool Created) : ISnapshotMessage;

    /// <summary>The clone is a copy, and so many bytes of it are written.</summary>
    public sealed record Copied(long DoneBytes) : ISnapshotMessage;

    /// <summary>Removes the clone; answered by <see cref="Gone"/> or <see cref="NotRemoved"/>. The
    /// actor stops once the clone is gone.</summary>
    public sealed record Remove : ISnapshotMessage;

    /// <summary>Nothing is left of the clone.</summary>
    public sealed record Gone : ISnapshotMessage;

    /// <summary>The clone was not made, and the actor stops.</summary>
    public sealed record NotMade(LaunchError Error) : ISnapshotMessage;

    /// <summary>The clone was not removed, and may be asked to be again.</summary>
    public sealed record NotRemoved(LaunchError Error) : ISnapshotMessage;
}
