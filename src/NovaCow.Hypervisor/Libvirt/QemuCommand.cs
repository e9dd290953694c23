using System.Text.Json.Nodes;
using NovaCow.Core;

namespace NovaCow.Hypervisor.Libvirt;

/// <summary>
/// Says as qemu's command line what <see cref="DomainXml"/> says to libvirt, for those who start
/// machines with neither. Nothing of it is for a shell: each argument is one string. What holds
/// paths is JSON, where no character of a path means anything. Pure.
/// </summary>
public static class QemuCommand
{
    private const string Emulator = "qemu-system-x86_64";
    private const long Kibibyte = 1024;

    /// <summary>The command and its arguments. It runs in the foreground until the guest is off;
    /// the guest's agent and plugging need a socket of the caller's.</summary>
    /// <exception cref="PortException">InvalidRequest: there can be no such machine.</exception>
    public static IReadOnlyList<string> Of(MachineSpec machine, DomainOptions options)
    {
        MachineChecks.Check(machine, options);
        var ports = new Ports(options.HasPorts);
        return
        [
            options.Emulator ?? Emulator,
            .. Board(machine, options),
            .. Kernel(machine.Kernel),
            .. machine.Disks.SelectMany((d, i) => Disk(d, i, options, ports)),
            .. machine.SeedPath is null ? [] : Seed(machine.SeedPath, ports),
            .. options.Bridge is null ? [] : NetworkCard(machine, options.Bridge, ports),
            "-chardev", $"file,id=console,path={Escaped(machine.ConsolePath)},append=on",
            .. Device("isa-serial", "serial0", ("chardev", "console")),
            "-object", Json(("qom-type", "rng-random"), ("id", "random"),
                ("filename", "/dev/urandom")),
            .. Device("virtio-rng-pci", "rng", ports, ("rng", "random")),
        ];
    }

    private static IEnumerable<string> Board(MachineSpec machine, DomainOptions options)
    {
        var isKvm = options.Accelerator == DomainOptions.Kvm;
        return
        [
            "-name", $"guest={DomainIdentity.NameOf(machine.Id)}",
            "-uuid", DomainIdentity.UuidOf(machine.Id, machine.Cluster).ToString(),
            "-no-user-config",
            "-nodefaults",
            "-display", "none",
            "-sandbox", Sandbox(options),
            "-machine", $"{options.MachineType},accel={(isKvm ? "kvm" : "tcg")},usb=off,hpet=off",
            "-cpu", isKvm ? "host" : "max",
            "-m", $"size={(machine.MemoryBytes + Kibibyte - 1) / Kibibyte}k",
            "-smp", $"{machine.VCpus}",
            "-rtc", "base=utc,driftfix=slew",
        ];
    }

    /// <summary>What makes a card on a bridge is a program with more rights than qemu's.</summary>
    private static string Sandbox(DomainOptions options) => options.Bridge is null
        ? "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"
        : "on,obsolete=deny";

    private static IEnumerable<string> Kernel(MachineKernel? kernel)
    {
        if (kernel is null)
            return [];
        return
        [
            "-kernel", kernel.KernelPath,
            .. kernel.RamdiskPath is { } ramdisk ? ["-initrd", ramdisk] : Array.Empty<string>(),
            .. kernel.Arguments is { } text ? ["-append", text] : Array.Empty<string>(),
        ];
    }

    private static IEnumerable<string> Disk(
        MachineDisk disk, int index, DomainOptions options, Ports ports)
    {
        var name = disk.Name.Value;
        var cache = new JsonObject { ["direct"] = options.Cache != "writeback" };
        List<string> arguments = [];
        if (disk.BackingPath is { } backing)
        {
            arguments.AddRange(File($"{name}-base-file", "file", backing, cache, isReadOnly: true));
            arguments.AddRange(BlockDevice(
                ("driver", "raw"), ("node-name", $"{name}-base"), ("read-only", true),
                ("cache", cache.DeepClone()), ("file", $"{name}-base-file")));
        }

        var driver = disk.IsBlockDevice ? "host_device" : "file";
        arguments.AddRange(File($"{name}-file", driver, disk.Path, cache, isReadOnly: false));
        List<(string, JsonNode?)> node =
        [
            ("driver", disk.Format), ("node-name", name), ("read-only", false),
            ("discard", "unmap"), ("detect-zeroes", "unmap"), ("cache", cache.DeepClone()),
            ("file", $"{name}-file"),
        ];
        if (disk.Format != "raw")
            node.Add(("backing", disk.BackingPath is null ? null : $"{name}-base"));
        arguments.AddRange(BlockDevice([.. node]));
        arguments.AddRange(Device(
            "virtio-blk-pci", DomainXml.AliasOf(disk.Name), ports,
            ("drive", name), ("serial", name), ("bootindex", index + 1),
            ("write-cache", options.Cache == "directsync" ? "off" : "on"),
            ("werror", "stop"), ("rerror", "report")));
        return arguments;
    }

    private static IEnumerable<string> Seed(string path, Ports ports) =>
    [
        .. File("seed-file", "file", path, new JsonObject { ["direct"] = false }, isReadOnly: true),
        .. BlockDevice(
            ("driver", "raw"), ("node-name", "seed"), ("read-only", true), ("file", "seed-file")),
        .. Device("virtio-scsi-pci", "scsi0", ports),
        .. Device("scsi-cd", "ua-seed", ("bus", "scsi0.0"), ("drive", "seed")),
    ];

    private static IEnumerable<string> NetworkCard(
        MachineSpec machine, string bridge, Ports ports) =>
    [
        "-netdev", $"bridge,id=net,br={bridge}",
        .. Device(
            "virtio-net-pci", "net0", ports, ("netdev", "net"),
            ("mac", DomainIdentity.MacOf(machine.Id, machine.Cluster))),
    ];

    private static IEnumerable<string> File(
        string node, string driver, string path, JsonObject cache, bool isReadOnly) =>
        BlockDevice(
            ("driver", driver), ("node-name", node), ("filename", path),
            ("read-only", isReadOnly), ("discard", "unmap"), ("cache", cache.DeepClone()));

    private static IEnumerable<string> BlockDevice(params (string, JsonNode?)[] properties) =>
        ["-blockdev", Json(properties)];

    /// <summary>A device in the next port, which is made before it.</summary>
    private static IEnumerable<string> Device(
        string driver, string id, Ports ports, params (string, JsonNode?)[] properties) =>
        ports.Next() is (var bus, { } port)
            ? [.. port, .. Device(driver, id, [("bus", bus), .. properties])]
            : Device(driver, id, properties);

    private static IEnumerable<string> Device(
        string driver, string id, params (string, JsonNode?)[] properties) =>
        ["-device", Json([("driver", driver), ("id", id), .. properties])];

    private static string Json(params (string Name, JsonNode? Value)[] properties) =>
        new JsonObject(properties.Select(p => KeyValuePair.Create(p.Name, p.Value)))
            .ToJsonString();

    /// <summary>A value in a list of qemu's where JSON is not taken.</summary>
    private static string Escaped(string value) =>
        value.Replace(",", ",,", StringComparison.Ordinal);

    /// <summary>A device on PCI Express has a port of its own; eight ports share a slot.</summary>
    private sealed class Ports(bool exist)
    {
        private const int FirstSlot = 2, PortsInSlot = 8;
        private int _count;

        public (string Bus, IEnumerable<string> Port)? Next()
        {
            if (!exist)
                return null;
            var (slot, function) = Math.DivRem(_count++, PortsInSlot);
            var bus = $"port{_count}";
            return (bus, Device(
                "pcie-root-port", bus,
                ("bus", "pcie.0"),
                ("addr", $"{FirstSlot + slot:x}.{function}"),
                ("multifunction", function == 0),
                ("chassis", _count)));
        }
    }
}
