using NovaCow.Core;

namespace NovaCow.Actors.Protocols;

/// <summary>What the scheduler asks of instances' machines, for a client.</summary>
public static partial class HostProtocol
{
    /// <summary>The most bytes of a console that are answered at a time.</summary>
    public const int MaxConsoleBytes = 64 << 10;

    /// <summary>Read a part of an instance's console; answered by
    /// <see cref="SchedulerProtocol.ConsoleRead"/>.</summary>
    /// <param name="Request">Comes back with the answer.</param>
    /// <param name="Id">The instance.</param>
    /// <param name="Offset">From where, in bytes; negative: so many bytes before its end.</param>
    /// <param name="MaxBytes">The most bytes to answer; at most <see cref="MaxConsoleBytes"/>.
    /// </param>
    public sealed record ReadConsole(long Request, InstanceId Id, long Offset, int MaxBytes)
        : IHostMessage;

    /// <summary>Describe an instance's machine; answered by
    /// <see cref="SchedulerProtocol.MachineRead"/>.</summary>
    /// <param name="Request">Comes back with the answer.</param>
    /// <param name="Id">The instance.</param>
    public sealed record DescribeMachine(long Request, InstanceId Id) : IHostMessage;
}
