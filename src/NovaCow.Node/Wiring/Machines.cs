using NovaCow.Actors.Hosting;
using NovaCow.Core;
using NovaCow.Hypervisor;
using NovaCow.Hypervisor.Libvirt;
using NovaCow.Hypervisor.Seeds;
using NovaCow.Node.Settings;
using NovaCow.Storage;

namespace NovaCow.Node.Wiring;

/// <summary>What a host runs and describes its instances' machines with, from its settings.
/// </summary>
internal sealed class Machines : IDisposable
{
    private readonly LibvirtHypervisor? _libvirt;
    private readonly LibvirtSettings _settings;

    private Machines(
        LibvirtSettings settings, DiskOwner? owner, LibvirtHypervisor? libvirt,
        HostMachines? machines)
    {
        (_settings, _libvirt) = (settings, libvirt);
        (DiskOwner, Machinery) = (owner, machines);
    }

    /// <summary>What runs machines; null: nothing does.</summary>
    public HostMachines? Machinery { get; }

    /// <summary>To whom disks have to belong; null: to this process's user.</summary>
    public DiskOwner? DiskOwner { get; }

    /// <summary>Reaches the hypervisor and finds out what it is; that may take seconds, the first
    /// time after a boot.</summary>
    /// <param name="host">Whose machines they are.</param>
    /// <param name="all">The host's settings.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="PortException">It cannot be reached.</exception>
    public static Machines Open(HostId host, Settings.HostSettings all, TimeProvider time)
    {
        var settings = all.Hypervisor;
        var libvirt = new LibvirtSettings
        {
            Uri = settings.Uri,
            Host = host.Value,
            StateFolder = settings.StatePath,
            Accelerator = settings.Accelerator,
            MachineType = settings.MachineType,
            Bridge = settings.Bridge,
            Cache = settings.Cache,
            DiskOwner = all.DiskOwner is { } owner ? (owner.Uid, owner.Gid) : null,
        };
        if (!settings.IsLibvirt)
            return new Machines(libvirt, all.DiskOwner, null, null);
        Directory.CreateDirectory(settings.StatePath);
        LibvirtHypervisor? hypervisor = null;
        DomainOptions OptionsFor(string accelerator) =>
            DomainOptions.For(libvirt, accelerator) with { DiskOwner = hypervisor!.DiskOwner };
        hypervisor = new LibvirtHypervisor(
            libvirt,
            new MachineXml(
                (machine, accelerator) => DomainXml.Of(machine, OptionsFor(accelerator)),
                disk => DomainXml.Disk(disk, OptionsFor(DomainOptions.Qemu))),
            time);
        try
        {
            var machines = new HostMachines
            {
                Hypervisor = hypervisor,
                Capabilities = hypervisor.GetCapabilitiesAsync(CancellationToken.None)
                    .GetAwaiter().GetResult(),
                Seeds = new GuestSeeds(),
                Resume = settings.Resume,
                Boot = HostBoot.ReadId(),
                UnplugPatience = settings.UnplugPatience,
                ConsoleBytes = settings.ConsoleBytes,
            };
            var emulator = hypervisor.DiskOwner is { } user
                ? new DiskOwner(user.Uid, user.Gid)
                : null;
            return new Machines(libvirt, emulator, hypervisor, machines);
        }
        catch
        {
            hypervisor.Dispose();
            throw;
        }
    }

    /// <summary>Says a machine in other tools' words.</summary>
    public MachineDescription Describe(MachineSpec machine) => MachineDescriptions.Of(
        machine,
        DomainOptions.For(
            _settings, Machinery?.Capabilities.Accelerator ?? DomainOptions.Kvm) with
        {
            DiskOwner = DiskOwner is { } owner ? (owner.Uid, owner.Gid) : null,
        });

    /// <summary>Lets go of the hypervisor; machines go on.</summary>
    public void Dispose() => _libvirt?.Dispose();
}
