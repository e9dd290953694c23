using NovaCow.Core;
using NovaCow.Runtime.Actors;

namespace NovaCow.Actors.Protocols;

/// <summary>Changes of a disk that exists, as its base asks for them.</summary>
public static partial class SnapshotProtocol
{
    /// <summary>Changes the disk; answered by <see cref="Made"/> with the disk as it is then, or by
    /// <see cref="NotChanged"/>.</summary>
    /// <param name="Request">The disk and what is to become of it.</param>
    /// <param name="Attempt">What the watcher is told with.</param>
    /// <param name="Watcher">Told of the progress.</param>
    /// <param name="ProgressEvery">How often at most.</param>
    public sealed record Change(
        DiskChangeRequest Request, LaunchFence Attempt, IActorRef Watcher, TimeSpan ProgressEvery)
        : ISnapshotMessage;

    /// <summary>Gives the change up.</summary>
    public sealed record CancelChange : ISnapshotMessage;

    /// <summary>The disk was not changed, or is on its way and whole; the actor stays.</summary>
    public sealed record NotChanged(LaunchError Error) : ISnapshotMessage;
}
