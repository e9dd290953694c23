using NovaCow.Core;
using NovaCow.Core.Scheduling;

namespace NovaCow.Actors.Protocols;

/// <summary>Changes of an instance's disks, between HostActor and InstanceActor.</summary>
public static partial class InstanceProtocol
{
    /// <summary>Change the disks; answered by <see cref="ChangeEnded"/>, also when it ended
    /// before.</summary>
    public sealed record Change(int Number, InstanceChange What) : IInstanceMessage;

    /// <summary>Give a change up, or never begin it; answered by <see cref="ChangeEnded"/>.
    /// </summary>
    public sealed record CancelChange(int Number, ChangeKind Kind) : IInstanceMessage;

    /// <summary>The instance asks for its turn to change; answered by <see cref="MayChange"/> or
    /// <see cref="MayNotChange"/>.</summary>
    /// <param name="Id">The instance.</param>
    /// <param name="Owned">Bases whose bytes its disks will own.</param>
    /// <param name="BesideBytes">Bytes that it needs beside those, for a while.</param>
    public sealed record AskToChange(
        InstanceId Id, IReadOnlyList<BaseKey> Owned, long BesideBytes) : IInstanceMessage
    {
        /// <summary>Whether an image is to be made of a disk.</summary>
        public bool IsCapture { get; init; }
    }

    /// <summary>The making of an image is over, however it ended; said before
    /// <see cref="ChangeEnded"/>.</summary>
    public sealed record CaptureEnded : IInstanceMessage;

    /// <summary>It is the instance's turn, and there is room until <see cref="EndTurn"/>.
    /// </summary>
    public sealed record MayChange : IInstanceMessage;

    /// <summary>The instance may not change now.</summary>
    public sealed record MayNotChange(LaunchError Error) : IInstanceMessage;

    /// <summary>The turn, or the wish for one, is given back.</summary>
    public sealed record EndTurn(InstanceId Id) : IInstanceMessage;

    /// <summary>How far the change is.</summary>
    public sealed record Changing(InstanceId Id, int Number, ChangeProgress Progress)
        : IInstanceMessage;

    /// <summary>The instance's record is published anew, with its disks as they are.</summary>
    public sealed record Rewritten(InstanceRecord Record) : IInstanceMessage;

    /// <summary>A change ended, and the instance's record says how.</summary>
    /// <param name="Id">The instance.</param>
    /// <param name="Kind">What it was.</param>
    /// <param name="Outcome">How it ended.</param>
    public sealed record ChangeEnded(InstanceId Id, ChangeKind Kind, ChangeOutcome Outcome)
        : IInstanceMessage;
}
