using NovaCow.Actors.Protocols;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Runtime.Actors;

namespace NovaCow.Actors.Hosting;

/// <summary>The machines of the host's instances: what the hypervisor tells of them goes to the
/// instance and upward at once, and their consoles are read and bounded here.</summary>
public sealed partial class HostActor
{
    private IDisposable? _observing;
    private bool _isBoundingConsoles;
    private bool _hasNotedConsoles;

    private void MachineHandlers()
    {
        Receive<MachineChanged>(m => OnMachineChanged(m.Event));
        Receive<BoundConsoles>(_ => OnBoundConsoles());
        Receive<ConsolesBounded>(m => OnConsolesBounded(m.Notes));
        Receive<HostProtocol.ReadConsole>(OnReadConsole);
        Receive<HostProtocol.DescribeMachine>(OnDescribeMachine);
    }

    // Before the store is read: what happens meanwhile is not missed.
    private void ObserveMachines()
    {
        var self = Self;
        _observing = _host.Machines?.Hypervisor.Observe(
            e => self.Tell(new MachineChanged(e), ActorRefs.NoSender));
    }

    private void StartMachines(MachineInventory found)
    {
        if (_host.Machines is not { } machines)
            return;
        var known = machines.Capabilities;
        _log.Info(
            "host {0}: machines by {1} ({2}, {3})",
            _host.Id, known.Name, known.Accelerator, known.Version);
        if (known.Warning is { } warning)
            _log.Warning("host {0}: {1}", _host.Id, warning);
        foreach (var id in found.Machines.Keys.Where(id => !_instances.ContainsKey(id)))
        {
            _log.Warning(
                "instance {0}: the hypervisor has a machine of that id, and the store no record; "
                    + "it is left as it is", id);
        }

        if (found.Strangers.Count > 0)
        {
            _log.Info(
                "host {0}: {1} machines of the hypervisor's are not this host's, and are left as "
                    + "they are",
                _host.Id, found.Strangers.Count);
        }

        if (_host.Consoles is not null)
        {
            Timers.StartPeriodicTimer(
                BoundConsoles.Instance, BoundConsoles.Instance, machines.BoundConsolesEvery);
        }
    }

    private PowerReport? PowerOf(MachineStatus? status) =>
        status is null ? null : new PowerReport(status, _time.GetUtcNow());

    private void OnMachineChanged(MachineEvent happened)
    {
        if (!_instances.TryGetValue(happened.Id, out var entry)
            || entry.Power?.Status == happened.Status)
        {
            return;
        }

        SetPower(entry, happened.Status);
        entry.Ref?.Tell(new InstanceProtocol.MachineIs(happened.Status));
    }

    private void SetPower(InstanceEntry entry, MachineStatus status)
    {
        entry.Power = PowerOf(status);
        if (entry.State is InstanceState.Prepared or InstanceState.Active)
        {
            Say(new SchedulerProtocol.PowerChanged(
                _host.Id, entry.Id, entry.Fence, entry.Power!));
        }
    }

    private void OnBoundConsoles()
    {
        var (consoles, keep) = (_host.Consoles!, _host.Machines!.ConsoleBytes);
        List<string> paths =
        [
            .. _instances.Values.Where(i => i.Power?.Status.IsOn == true)
                .Select(i => _host.Store.MachineFiles(i.Id).Console),
        ];
        if (paths.Count == 0 || _isBoundingConsoles)
            return;
        _isBoundingConsoles = true;
        _ = Task.Run(() => paths.Select(p => Bound(consoles, p, keep)).OfType<string>().ToList())
            .PipeTo(Self, success: notes => new ConsolesBounded(notes));
    }

    private static string? Bound(IConsoles consoles, string path, long keepBytes)
    {
        try
        {
            return consoles.Bound(path, keepBytes);
        }
        catch (PortException e)
        {
            return e.Message;
        }
    }

    // What is wrong with one console is mostly wrong with all: it is said once.
    private void OnConsolesBounded(IReadOnlyList<string> notes)
    {
        _isBoundingConsoles = false;
        if (notes.Count > 0 && !_hasNotedConsoles)
        {
            _hasNotedConsoles = true;
            _log.Warning("host {0}: consoles are not bounded: {1}", _host.Id, notes[0]);
        }
    }

    private void OnReadConsole(HostProtocol.ReadConsole read)
    {
        var (host, request) = (_host.Id, read.Request);
        if (_host.Consoles is not { } consoles || !_instances.ContainsKey(read.Id))
        {
            Sender.Tell(new SchedulerProtocol.ConsoleRead(host, request, null, NotHere(
                read.Id, _host.Consoles is null ? "runs no machines" : "does not have it")));
            return;
        }

        var path = _host.Store.MachineFiles(read.Id).Console;
        var most = Math.Clamp(read.MaxBytes, 0, HostProtocol.MaxConsoleBytes);
        _ = Task.Run(() => consoles.Read(path, read.Offset, most)).PipeTo(
            Sender,
            Self,
            success: part => new SchedulerProtocol.ConsoleRead(host, request, part, null),
            failure: cause => new SchedulerProtocol.ConsoleRead(
                host, request, null,
                Failures.ToError(cause, $"the console of instance {read.Id}")));
    }

    private void OnDescribeMachine(HostProtocol.DescribeMachine describe)
    {
        var (host, request, id) = (_host.Id, describe.Request, describe.Id);
        Sender.Tell(_instances.GetValueOrDefault(id)?.Record is { } record
            && _host.Describe is { } words
            ? new SchedulerProtocol.MachineRead(
                host, request, words(MachinePlan.For(record, _host.Store)), null)
            : new SchedulerProtocol.MachineRead(
                host, request, null, NotHere(id, "does not have its disks")));
    }

    private LaunchError NotHere(InstanceId id, string why) => new(
        LaunchErrorCode.InvalidRequest,
        $"instance {id}: host {_host.Id} {why}",
        IsRetryable: false);

    private sealed record MachineChanged(MachineEvent Event);

    private sealed record ConsolesBounded(IReadOnlyList<string> Notes);

    private sealed class BoundConsoles
    {
        public static BoundConsoles Instance { get; } = new();
    }
}
