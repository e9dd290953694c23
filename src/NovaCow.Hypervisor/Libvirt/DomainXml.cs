using System.Xml.Linq;
using NovaCow.Core;

namespace NovaCow.Hypervisor.Libvirt;

/// <summary>
/// Says in libvirt's words what machine is to run. Every format and every backing chain is said in
/// full, so that libvirt and qemu never look into a disk for what it might be: the guest writes
/// there. Pure; the schema of libvirt's domains is the judge.
/// </summary>
public static partial class DomainXml
{
    private const long Kibibyte = 1024;

    /// <summary>How many disks may be plugged in while the machine runs.</summary>
    private const int SparePorts = DiskName.MaxData;

    /// <summary>The domain of a machine.</summary>
    /// <exception cref="PortException">InvalidRequest: there can be no such machine.</exception>
    public static string Of(MachineSpec machine, DomainOptions options)
    {
        MachineChecks.Check(machine, options);
        var identity = new DomainIdentity(machine.Id, options.Host, machine.Cluster);
        return new XElement(
            "domain",
            new XAttribute("type", options.Accelerator),
            new XElement("name", DomainIdentity.NameOf(machine.Id)),
            new XElement("uuid", DomainIdentity.UuidOf(machine.Id, machine.Cluster)),
            new XElement("title", $"NovaCow instance {machine.Id}"),
            new XElement("metadata", identity.ToXml()),
            Memory(machine.MemoryBytes),
            new XElement("vcpu", new XAttribute("placement", "static"), machine.VCpus),
            OperatingSystem(machine.Kernel, options),
            new XElement("features", new XElement("acpi"), new XElement("apic")),
            Processor(options),
            Clock(),
            new XElement("on_poweroff", "destroy"),
            new XElement("on_reboot", "restart"),
            new XElement("on_crash", "destroy"),
            new XElement("devices", Devices(machine, options)),
            Owner(options)).ToString();
    }

    /// <summary>Owners stay as the store set them: left to itself libvirt would give the bases that
    /// all clones share to the user of the guests. Other security labels are libvirt's to set.
    /// </summary>
    private static XElement? Owner(DomainOptions options) => options.DiskOwner is not { } owner
        ? null
        : new XElement(
            "seclabel",
            new XAttribute("type", "static"),
            new XAttribute("model", "dac"),
            new XAttribute("relabel", "no"),
            new XElement("label", $"+{owner.Uid}:+{owner.Gid}"));

    private static XElement Memory(long bytes) => new(
        "memory", new XAttribute("unit", "KiB"), (bytes + Kibibyte - 1) / Kibibyte);

    private static XElement OperatingSystem(MachineKernel? kernel, DomainOptions options) => new(
        "os",
        new XElement(
            "type",
            new XAttribute("arch", "x86_64"),
            new XAttribute("machine", options.MachineType),
            "hvm"),
        Optional("kernel", kernel?.KernelPath),
        Optional("initrd", kernel?.RamdiskPath),
        Optional("cmdline", kernel?.Arguments),
        new XElement("boot", new XAttribute("dev", "hd")));

    /// <summary>What the emulator's own processor lacks, guests of today ask for.</summary>
    private static XElement? Processor(DomainOptions options) => options.Accelerator switch
    {
        DomainOptions.Kvm => new XElement("cpu", new XAttribute("mode", "host-passthrough")),
        DomainOptions.Qemu => new XElement("cpu", new XAttribute("mode", "maximum")),
        _ => null,
    };

    private static XElement Clock() => new(
        "clock",
        new XAttribute("offset", "utc"),
        Timer("rtc", "tickpolicy", "catchup"),
        Timer("pit", "tickpolicy", "delay"),
        Timer("hpet", "present", "no"));

    private static XElement Timer(string name, string attribute, string value) => new(
        "timer", new XAttribute("name", name), new XAttribute(attribute, value));

    private static IEnumerable<XElement?> Devices(MachineSpec machine, DomainOptions options) =>
    [
        Optional("emulator", options.Emulator),
        .. Controllers(machine, options),
        .. machine.Disks.Select(d => DiskElement(d, options)),
        machine.SeedPath is null ? null : Seed(machine.SeedPath),
        options.Bridge is null ? null : NetworkCard(machine, options.Bridge),
        Console("serial", "isa-serial", machine.ConsolePath),
        Console("console", "serial", machine.ConsolePath),
        new XElement(
            "channel",
            new XAttribute("type", "unix"),
            new XElement(
                "target",
                new XAttribute("type", "virtio"),
                new XAttribute("name", "org.qemu.guest_agent.0"))),
        new XElement("memballoon", new XAttribute("model", "none")),
        new XElement(
            "rng",
            new XAttribute("model", "virtio"),
            new XElement("backend", new XAttribute("model", "random"), "/dev/urandom")),
    ];

    private static IEnumerable<XElement> Controllers(MachineSpec machine, DomainOptions options)
    {
        yield return Controller("usb", "none");
        if (machine.SeedPath is not null)
            yield return Controller("scsi", "virtio-scsi");
        if (!options.HasPorts)
            yield break;

        // Ports cannot be added while the machine runs. One each for the channel and the rng.
        var ports = machine.Disks.Count + 2 + SparePorts
            + (machine.SeedPath is null ? 0 : 1) + (options.Bridge is null ? 0 : 1);
        yield return Controller("pci", "pcie-root");
        for (var i = 0; i < ports; i++)
            yield return Controller("pci", "pcie-root-port");
    }

    private static XElement Controller(string type, string model) => new(
        "controller", new XAttribute("type", type), new XAttribute("model", model));

    private static XElement Console(string element, string target, string path) => new(
        element,
        new XAttribute("type", "file"),
        new XElement("source", new XAttribute("path", path), new XAttribute("append", "on")),
        new XElement("target", new XAttribute("type", target), new XAttribute("port", 0)));

    private static XElement NetworkCard(MachineSpec machine, string bridge) => new(
        "interface",
        new XAttribute("type", "bridge"),
        new XElement(
            "mac",
            new XAttribute("address", DomainIdentity.MacOf(machine.Id, machine.Cluster))),
        new XElement("source", new XAttribute("bridge", bridge)),
        new XElement("model", new XAttribute("type", "virtio")));

    private static XElement? Optional(string name, string? value) =>
        value is null ? null : new XElement(name, value);
}
