using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;

namespace NovaCow.Actors.Protocols;

/// <summary>Everything that an InstanceActor and its HostActor say to each other; never leaves its
/// host.</summary>
public interface IInstanceMessage;

/// <summary>What HostActor asks of an InstanceActor, and what that reports.</summary>
public static partial class InstanceProtocol
{
    /// <summary>The instance is this host's: make it active; answered by <see cref="Active"/>.
    /// </summary>
    /// <param name="WasActive">Whether it was before.</param>
    public sealed record Commit(bool WasActive) : IInstanceMessage;

    /// <summary>Undo or remove the instance, whatever its state; answered by <see cref="Ended"/>,
    /// and the actor stops.</summary>
    public sealed record Remove : IInstanceMessage;

    /// <summary>A base's actor ended unexpectedly: what was asked of it has no answer.</summary>
    public sealed record BaseLost(BaseKey Key) : IInstanceMessage;

    /// <summary>The disks and the record are durable.</summary>
    public sealed record Ready(InstanceRecord Record, Preparation Preparation) : IInstanceMessage;

    /// <summary>The instance is active.</summary>
    public sealed record Active(InstanceId Id) : IInstanceMessage
    {
        /// <summary>How long its machine took to start; null: it was not started now.</summary>
        public TimeSpan? StartedIn { get; init; }
    }

    /// <summary>The machine is so now, by whomever.</summary>
    public sealed record MachineIs(MachineStatus Status) : IInstanceMessage;

    /// <summary>It failed, and is being undone.</summary>
    public sealed record Undoing(InstanceId Id) : IInstanceMessage;

    /// <summary>Nothing is left of the instance.</summary>
    /// <param name="Id">The instance.</param>
    /// <param name="Error">Why it failed; null: it was removed.</param>
    public sealed record Ended(InstanceId Id, LaunchError? Error) : IInstanceMessage;
}
