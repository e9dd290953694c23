using NovaCow.Actors.Protocols;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Runtime.Actors;

namespace NovaCow.Actors.Hosting;

/// <summary>
/// The instance's machine: started once the instance is this host's for good, taken over where it
/// runs already, and ended before anything of the instance is removed. The hypervisor is asked for
/// one thing at a time.
/// </summary>
internal sealed partial class InstanceActor
{
    private MachineStatus? _machine;
    private MachineCall? _call;
    private long _calls;

    // Whether there may be a definition of it: then it goes before the disks do.
    private bool _mayHaveMachine;

    private void MachineHandlers()
    {
        Receive<InstanceProtocol.Commit>(c => OnCommit(c.WasActive));
        Receive<InstanceProtocol.MachineIs>(m =>
        {
            _machine = m.Status;
            NotePower();
        });
        Receive<Answered>(OnAnswered);
        Receive<Noted>(OnNoted);
    }

    private void OnCommit(bool wasActive)
    {
        if (_host.Machines is not { } machines)
        {
            // Without a hypervisor, committed disks are the result.
            Context.Parent.Tell(new InstanceProtocol.Active(_id));
            return;
        }

        if (_call is not null || _change is not null)
            return;
        // One that came from a host that is dead ran there, and not yet here.
        var resume = machines.Resume || !wasActive;
        var boots = new HostBoots(_record!.RanInBoot, machines.Boot);
        switch (MachineRecovery.For(_record.IsOn, _machine, resume, boots))
        {
            // Somebody else may run one that was active when its host had no hypervisor.
            case MachineStep.StartFirst when !wasActive:
                StartMachine((error, took) => OnStarted(error, took, isFirst: true));
                break;
            case MachineStep.StartAgain:
                StartMachine((error, took) => OnStarted(error, took, isFirst: false));
                break;
            default:
                Context.Parent.Tell(new InstanceProtocol.Active(_id));
                NotePower();
                break;
        }
    }

    private void OnStarted(LaunchError? error, TimeSpan took, bool isFirst)
    {
        if (_isRemovalWanted)
        {
            Remove();
            return;
        }

        if (error is not null && isFirst)
        {
            Fail(error);
            return;
        }

        if (error is not null)
        {
            Context.GetLogger().Error(
                "instance {0}: its machine does not start again: {1}; start it once that is "
                    + "mended: novacow instance start {0}", _id, error.Message);
        }

        Context.Parent.Tell(new InstanceProtocol.Active(_id)
        {
            StartedIn = error is null ? took : null,
        });
        NotePower();
    }

    /// <summary>Starts the machine from the record as it is.</summary>
    private void StartMachine(Action<LaunchError?, TimeSpan> then)
    {
        _mayHaveMachine = true;
        var (machines, guest, store, id) = (_host.Machines!, _record!.Guest, _host.Store, _id);
        var machine = MachinePlan.For(_record, _host.Store);
        var began = _time.GetTimestamp();
        CallMachine(
            async cancellation =>
            {
                if (guest is not null)
                    await machines.Seeds.WriteAsync(machine.SeedPath!, id, guest, cancellation);
                await store.GiveMachineFilesAsync(id, cancellation);
                await machines.Hypervisor.EnsureRunningAsync(machine, cancellation);
            },
            error =>
            {
                if (error is null)
                    _machine = new MachineStatus(PowerState.Running, PowerCause.Started);
                then(error, _time.GetElapsedTime(began));
            });
    }

    private void CallMachine(Func<CancellationToken, Task> call, Action<LaunchError?> then)
    {
        var number = ++_calls;
        var cancel = new CancellationTokenSource();
        _call = new MachineCall(number, cancel, then);
        var token = cancel.Token;
        _ = Task.Run(() => call(token), CancellationToken.None).PipeTo(
            Self,
            success: () => new Answered(number, null),
            failure: cause => new Answered(number, cause));
    }

    private void OnAnswered(Answered answered)
    {
        if (_call?.Number != answered.Number)
            return;
        var then = _call.Then;
        _call.Cancel.Dispose();
        _call = null;
        if (answered.Failure is { } bug && Failures.IsBug(bug))
            Context.GetLogger().Error(bug, "instance {0}: its machine", _id);
        then(answered.Failure is { } cause
            ? ToError(cause, $"the machine of instance {_id}")
            : null);
    }

    /// <summary>A record that says whether the machine runs, and in which boot of the host.
    /// </summary>
    private InstanceRecord WithPower(InstanceRecord record, bool isOn) => record with
    {
        IsOn = isOn,
        RanInBoot = isOn ? _host.Machines?.Boot : null,
    };

    /// <summary>Writes down whether the machine runs, where that has changed without anybody
    /// asking this host, and in which boot of the host it does. A crash before it is written loses
    /// nothing: the hypervisor knows.</summary>
    private void NotePower()
    {
        if (_host.Machines is null || _isSaving
            || _machine is not { State: not PowerState.Stopping } machine
            || _change is not null || _call is not null)
        {
            return;
        }

        var record = WithPower(_record!, machine.IsOn);
        if ((record.IsOn, record.RanInBoot) == (_record!.IsOn, _record.RanInBoot))
            return;
        _isSaving = true;
        _ = _host.Store.SaveInstanceAsync(record, CancellationToken.None).PipeTo(
            Self,
            success: () => new Noted(record, null),
            failure: cause => new Noted(record, cause));
    }

    private void OnNoted(Noted noted)
    {
        _isSaving = false;
        if (noted.Failure is { } cause)
        {
            Context.GetLogger().Warning(
                "instance {0}: it is not written down that its machine is {1}: {2}",
                _id, noted.Record.IsOn == true ? "on" : "off", cause.Message);
        }
        else
        {
            _record = noted.Record;
            Context.Parent.Tell(new InstanceProtocol.Rewritten(noted.Record));
            NotePower();
        }

        if (_isRemovalWanted && _change is null && _call is null)
            Remove();
        else if (_change is { Unpublished: not null })
            Publish();
    }

    // Before the record goes: from then on a start removes the disks.
    private void RemoveMachine()
    {
        if (_call is { } call)
        {
            call.Cancel.Cancel();
            return;
        }

        CallMachine(
            cancellation => _host.Machines!.Hypervisor.RemoveAsync(_id, cancellation),
            error =>
            {
                if (error is not null)
                {
                    RetryLater(error);
                    return;
                }

                _mayHaveMachine = false;
                _failures = 0;
                Undo();
            });
    }

    /// <summary>What the hypervisor was asked for and has not answered.</summary>
    private sealed record MachineCall(
        long Number, CancellationTokenSource Cancel, Action<LaunchError?> Then);

    private sealed record Answered(long Number, Exception? Failure);

    private sealed record Noted(InstanceRecord Record, Exception? Failure);
}
