namespace NovaCow.Actors.Protocols;

/// <summary>How a host leaves in order.</summary>
public static partial class HostProtocol
{
    /// <summary>The answer to <see cref="SchedulerProtocol.HostLeaving"/>.</summary>
    public sealed record Farewell : IHostMessage;
}
