using NovaCow.Core;

namespace NovaCow.Hypervisor.Libvirt;

/// <summary>What writes machines in libvirt's words.</summary>
/// <param name="Domain">The domain of a machine, with the domain type that runs it: <c>kvm</c>,
/// <c>qemu</c>, or <c>test</c> where nothing is run. It carries the metadata that makes it this
/// host's, and the name <c>novacow-</c> and the instance's id.</param>
/// <param name="Disk">One disk of a machine, as a device to be plugged in; its serial is the disk's
/// name.</param>
public sealed record MachineXml(
    Func<MachineSpec, string, string> Domain, Func<MachineDisk, string> Disk);
