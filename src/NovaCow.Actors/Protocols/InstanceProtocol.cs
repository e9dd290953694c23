using NovaCow.Core;

namespace NovaCow.Actors.Protocols;

/// <summary>Everything that an InstanceActor takes or answers; never leaves its host.</summary>
public interface IInstanceMessage;

/// <summary>What HostActor asks of an InstanceActor, whose reports go up as
/// <see cref="SchedulerProtocol"/> messages.</summary>
public static class InstanceProtocol
{
    /// <summary>The instance is this host's: make it active.</summary>
    public sealed record Commit(LaunchFence Fence) : IInstanceMessage;

    /// <summary>Undo or remove the instance, whatever its state; the actor then stops.</summary>
    public sealed record Remove(LaunchFence Fence) : IInstanceMessage;

    /// <summary>The scheduler asked for the same again: say once more what was last said.</summary>
    public sealed record Repeat(LaunchFence Fence) : IInstanceMessage;

    /// <summary>A base's actor ended unexpectedly: what was asked of it has no answer.</summary>
    public sealed record BaseLost(BaseKey Key) : IInstanceMessage;
}
