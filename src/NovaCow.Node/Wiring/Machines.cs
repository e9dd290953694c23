using NovaCow.Actors.Hosting;
using NovaCow.Core;
using NovaCow.Hypervisor;
using NovaCow.Hypervisor.Libvirt;
using NovaCow.Hypervisor.Seeds;
using NovaCow.Node.Settings;

namespace NovaCow.Node.Wiring;

/// <summary>What a host runs and describes its instances' machines with, from its settings.
/// </summary>
internal sealed class Machines : IDisposable
{
    private readonly LibvirtHypervisor? _libvirt;
    private readonly LibvirtSettings _settings;

    private Machines(LibvirtSettings settings, LibvirtHypervisor? libvirt, HostMachines? machines) =>
        (_settings, _libvirt, Machinery) = (settings, libvirt, machines);

    /// <summary>What runs machines; null: nothing does.</summary>
    public HostMachines? Machinery { get; }

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
            return new Machines(libvirt, null, null);
        Directory.CreateDirectory(settings.StatePath);
        var hypervisor = new LibvirtHypervisor(
            libvirt,
            new MachineXml(
                (machine, accelerator) =>
                    DomainXml.Of(machine, DomainOptions.For(libvirt, accelerator)),
                disk => DomainXml.Disk(disk, DomainOptions.For(libvirt, DomainOptions.Qemu))),
            time);
        try
        {
            return new Machines(libvirt, hypervisor, new HostMachines
            {
                Hypervisor = hypervisor,
                Capabilities = hypervisor.GetCapabilitiesAsync(CancellationToken.None)
                    .GetAwaiter().GetResult(),
                Seeds = new GuestSeeds(),
                Resume = settings.Resume,
                UnplugPatience = settings.UnplugPatience,
                ConsoleBytes = settings.ConsoleBytes,
            });
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
            _settings, Machinery?.Capabilities.Accelerator ?? DomainOptions.Kvm));

    /// <summary>Lets go of the hypervisor; machines go on.</summary>
    public void Dispose() => _libvirt?.Dispose();
}
