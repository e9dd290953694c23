using NovaCow.Actors.Protocols;
using NovaCow.Core;
using NovaCow.Core.Scheduling;
using static NovaCow.Actors.Protocols.SchedulerProtocol;

namespace NovaCow.Actors.Scheduling;

/// <summary>Instances' machines: how they are, and what clients ask of their hosts about them.
/// </summary>
public sealed partial class SchedulerActor
{
    private void MachineCommands()
    {
        FromHost<PowerChanged>(m => m.Host, m => Carry(
            _core.PowerChanged(m.Host, m.Id, m.Fence, m.Power, Now)));
        Command<ReadConsole>(OnReadConsole);
        Command<DescribeMachine>(m => PassOnToHostOf(
            m.Id, request => new HostProtocol.DescribeMachine(request, m.Id)));
        FromHost<ConsoleRead>(m => m.Host, m => PassBack(
            m.Host,
            m.Request,
            m.Part is { } part ? new ConsoleFound(part) : NotTold(m.Host, m.Error)));
        FromHost<MachineRead>(m => m.Host, m => PassBack(
            m.Host,
            m.Request,
            m.Description is { } machine
                ? new MachineDescribed(machine)
                : NotTold(m.Host, m.Error)));
    }

    private void OnReadConsole(ReadConsole read)
    {
        if (read.MaxBytes < 1)
        {
            Answer(Refuse(
                RequestErrorCode.InvalidRequest,
                $"instance {read.Id}: {read.MaxBytes} bytes of its console: ask for 1 to "
                    + $"{HostProtocol.MaxConsoleBytes}"));
            return;
        }

        var bytes = Math.Min(read.MaxBytes, HostProtocol.MaxConsoleBytes);
        PassOnToHostOf(
            read.Id,
            request => new HostProtocol.ReadConsole(request, read.Id, read.Offset, bytes));
    }

    private void PassOnToHostOf(InstanceId id, Func<long, IHostMessage> message)
    {
        if (_core.HostOf(id) is var (host, refusal) && host is not null)
            PassOn(host, message);
        else
            Answer(new Refused(refusal!));
    }

    private void OnPowerSeen(SchedulerEffect.PowerSeen seen)
    {
        _subscribers.Gather(new ClusterEvent.PowerChanged(seen.Id, seen.Host, seen.Power)
        {
            Sequence = null,
            At = seen.At,
        });
        _subscribers.Flush();
    }

    private static Refused NotTold(HostId host, LaunchError? error) => new(new RequestError(
        error switch
        {
            { Code: LaunchErrorCode.InvalidRequest } => RequestErrorCode.InvalidRequest,
            { Code: LaunchErrorCode.Timeout } => RequestErrorCode.Timeout,
            { IsRetryable: false } => RequestErrorCode.Conflict,
            _ => RequestErrorCode.Busy,
        },
        error?.Message ?? $"host {host}: no answer; try again"));
}
