using NovaCow.Core;
using NovaCow.Core.Hosting;

namespace NovaCow.Actors.Protocols;

/// <summary>Instances' machines: what clients ask of them, and what hosts say.</summary>
public static partial class SchedulerProtocol
{
    /// <summary>An instance's machine changed, by whomever; said at once.</summary>
    public sealed record PowerChanged(
        HostId Host, InstanceId Id, LaunchFence Fence, PowerReport Power) : IFromHost;

    /// <summary>Reads an instance's serial console; answered by <see cref="ConsoleFound"/>.
    /// </summary>
    /// <param name="Id">The instance.</param>
    /// <param name="Offset">From where, in bytes; negative: so many bytes before its end.</param>
    /// <param name="MaxBytes">The most bytes to answer.</param>
    public sealed record ReadConsole(InstanceId Id, long Offset, int MaxBytes) : ISchedulerMessage;

    /// <summary>A part of a console.</summary>
    public sealed record ConsoleFound(ConsolePart Part) : ISchedulerMessage;

    /// <summary>Describes an instance's machine for whoever starts it otherwise; answered by
    /// <see cref="MachineDescribed"/>.</summary>
    public sealed record DescribeMachine(InstanceId Id) : ISchedulerMessage;

    /// <summary>A machine in other tools' words.</summary>
    public sealed record MachineDescribed(MachineDescription Description) : ISchedulerMessage;

    /// <summary>A host answers <see cref="HostProtocol.ReadConsole"/>.</summary>
    /// <param name="Host">The host.</param>
    /// <param name="Request">As it was asked.</param>
    /// <param name="Part">What it read.</param>
    /// <param name="Error">Why it read nothing.</param>
    public sealed record ConsoleRead(
        HostId Host, long Request, ConsolePart? Part, LaunchError? Error) : IFromHost;

    /// <summary>A host answers <see cref="HostProtocol.DescribeMachine"/>.</summary>
    /// <param name="Host">The host.</param>
    /// <param name="Request">As it was asked.</param>
    /// <param name="Description">The machine.</param>
    /// <param name="Error">Why it is not described.</param>
    public sealed record MachineRead(
        HostId Host, long Request, MachineDescription? Description, LaunchError? Error)
        : IFromHost;
}
