using NovaCow.Core;

namespace NovaCow.Hypervisor.Libvirt;

/// <summary>
/// Runs machines with libvirt. The domains that carry this host's metadata are its own; all others
/// are strangers, whatever their names. It remembers nothing but whether KVM works: libvirt is the
/// truth about machines.
/// </summary>
public sealed class LibvirtHypervisor : IHypervisor, ICopiesRunningDisks
{
    /// <summary>A guest that has not come up yet may miss the power button.</summary>
    private static readonly TimeSpan PressAgainAfter = TimeSpan.FromSeconds(10);

    private readonly MachineXml _xml;
    private readonly (uint Uid, uint Gid)? _owner;
    private readonly TimeProvider _time;
    private readonly LifecycleFeed _feed;
    private readonly LibvirtLink _link;
    private readonly LibvirtCalls _calls;
    private readonly Machines _machines;
    private readonly MachineDisks _disks;
    private readonly RunningCopy _copy;
    private readonly CapabilityProbe _probe;

    /// <summary>Makes it; libvirt is first asked when it is used.</summary>
    /// <param name="settings">The connection, and whose machines these are.</param>
    /// <param name="xml">What writes domains.</param>
    /// <param name="time">The clock.</param>
    public LibvirtHypervisor(LibvirtSettings settings, MachineXml xml, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(settings);
        _xml = xml;
        _owner = settings.DiskOwner;
        _time = time;
        _feed = new LifecycleFeed(settings.Host, time);
        _link = new LibvirtLink(settings.Uri, _feed, time);
        _calls = new LibvirtCalls(_link);
        _machines = new Machines(settings.Host);
        _disks = new MachineDisks(_machines, _calls, _feed, time);
        _copy = new RunningCopy(_machines, _calls, _feed, () => DiskOwner);
        _probe = new CapabilityProbe(settings, _calls, _feed, time);
    }

    /// <summary>To whom disks have to belong so that emulators reach them, once the capabilities
    /// are known; null: to this process's user. Only root can give them away.</summary>
    public (uint Uid, uint Gid)? DiskOwner =>
        _owner ?? (Environment.IsPrivilegedProcess ? _probe.User : null);

    /// <inheritdoc/>
    public Task<HypervisorCapabilities> GetCapabilitiesAsync(
        CancellationToken cancellationToken) => _probe.GetAsync(cancellationToken);

    /// <inheritdoc/>
    public async Task<Ensured<MachineStatus>> EnsureRunningAsync(
        MachineSpec machine, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(machine);
        var can = await _probe.GetAsync(cancellationToken);
        var xml = _xml.Domain(machine, can.Accelerator!);
        return await _feed.ToldAfterAsync(
            machine.Id,
            isOn: true,
            () => _calls.ForAsync(
                machine.Id, $"machine {machine.Id} could not be started",
                connection => _machines.EnsureRunning(connection, machine.Id, xml),
                cancellationToken),
            started => started.Created);
    }

    /// <inheritdoc/>
    public Task StopAsync(InstanceId id, TimeSpan grace, CancellationToken cancellationToken) =>
        _feed.ToldAfterAsync(
            id, isOn: false, () => EndAsync(id, grace, cancellationToken), wasOn => wasOn);

    /// <inheritdoc/>
    public Task RemoveAsync(InstanceId id, CancellationToken cancellationToken) =>
        _calls.ForAsync(
            id, $"machine {id} could not be removed",
            connection => _machines.Remove(connection, id), cancellationToken);

    /// <inheritdoc/>
    public Task AttachAsync(
        InstanceId id, MachineDisk disk, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(disk);
        return _disks.AttachAsync(id, disk.Name, _xml.Disk(disk), cancellationToken);
    }

    /// <inheritdoc/>
    public Task DetachAsync(
        InstanceId id, DiskName disk, TimeSpan patience, CancellationToken cancellationToken) =>
        _disks.DetachAsync(id, disk, patience, cancellationToken);

    /// <inheritdoc/>
    public IDisposable Observe(Action<MachineEvent> onEvent)
    {
        ArgumentNullException.ThrowIfNull(onEvent);
        var observation = _feed.Observe(onEvent);
        _link.OpenInBackground();
        return observation;
    }

    /// <inheritdoc/>
    public Task<MachineInventory> ListAsync(CancellationToken cancellationToken) =>
        _calls.MakeAsync("machines could not be listed", _machines.List, cancellationToken);

    /// <inheritdoc/>
    public Task CopyDiskAsync(
        InstanceId id,
        DiskName disk,
        string target,
        IProgress<long>? progress,
        CancellationToken cancellationToken) =>
        _copy.MakeAsync(id, disk, target, progress, cancellationToken);

    /// <summary>Lets go of libvirt; machines go on.</summary>
    public void Dispose()
    {
        _feed.Dispose();
        _link.Dispose();
    }

    /// <returns>Whether it was on.</returns>
    private async Task<bool> EndAsync(
        InstanceId id, TimeSpan grace, CancellationToken cancellationToken)
    {
        if (grace > TimeSpan.Zero
            && await PowersOffAsync(id, grace, cancellationToken) is { } poweredOff)
            return poweredOff;
        return await _calls.ForAsync(
            id, $"machine {id} could not be stopped",
            connection => _machines.End(connection, id), cancellationToken);
    }

    /// <returns>Whether it powered itself off, when asked; false: it was off. Null: it runs on.
    /// </returns>
    private async Task<bool?> PowersOffAsync(
        InstanceId id, TimeSpan grace, CancellationToken cancellationToken)
    {
        var began = _time.GetTimestamp();
        var uuid = await _calls.ForAsync(
            id, $"machine {id} could not be looked at",
            connection =>
            {
                using var domain = _machines.Find(connection, id);
                return domain?.Uuid;
            },
            cancellationToken);
        if (uuid is null)
            return false;
        using var stop = _feed.ExpectStop(uuid);
        while (_time.GetElapsedTime(began) is var elapsed && elapsed < grace)
        {
            var isOn = await _calls.ForAsync(
                id, $"machine {id} could not be asked to power off",
                connection => _machines.PressPowerButton(connection, id), cancellationToken);
            if (!isOn)
                return false;
            var left = grace - elapsed;
            var heard = await stop.NextAsync(
                left < PressAgainAfter ? left : PressAgainAfter, cancellationToken);
            if (heard is Heard.Event)
                return true;
        }

        return null;
    }
}
