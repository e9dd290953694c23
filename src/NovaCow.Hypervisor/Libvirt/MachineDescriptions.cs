using NovaCow.Core;

namespace NovaCow.Hypervisor.Libvirt;

/// <summary>Says a machine in other tools' words.</summary>
public static class MachineDescriptions
{
    /// <summary>The machine for libvirt, and for qemu alone.</summary>
    /// <exception cref="PortException">InvalidRequest: there can be no such machine.</exception>
    public static MachineDescription Of(MachineSpec machine, DomainOptions options) =>
        new(DomainXml.Of(machine, options), QemuCommand.Of(machine, options));
}
