using NovaCow.Core;
using NovaCow.Hypervisor.Libvirt;

namespace NovaCow.Hypervisor.Tests.Support;

/// <summary>Machines to say in other tools' words.</summary>
internal static class GivenMachine
{
    public static DomainOptions Options { get; } = new()
    {
        Host = "rack1-host7",
        Accelerator = DomainOptions.Qemu,
    };

    public static MachineSpec Small { get; } = new()
    {
        Id = InstanceId.Parse("vm-1"),
        Cluster = "c1",
        VCpus = 1,
        MemoryBytes = 256L << 20,
        Disks = [Disk(DiskName.Root, 0)],
        ConsolePath = "/store/instances/vm-1/console.log",
    };

    public static MachineDisk Disk(DiskName name, int index) => new(
        name, DiskPlan.Device(index), $"/store/instances/vm-1/{name}.raw", "raw", null);

    public static MachineDisk Overlay(DiskName name, int index) => new(
        name, DiskPlan.Device(index), $"/store/instances/vm-1/{name}.qcow2", "qcow2",
        "/store/bases/sha256-00/base.raw");

    /// <summary>Any machine, by the seed's choice: hostile text wherever text may be.</summary>
    public static (MachineSpec Machine, DomainOptions Options) Random(int seed)
    {
        var random = new Random(seed);
        DiskName[] names =
        [
            DiskName.Root,
            .. Enumerable.Range(0, random.Next(3)).Select(DiskName.Ephemeral),
            .. random.Next(2) == 0 ? [DiskName.Swap] : Array.Empty<DiskName>(),
            .. Enumerable.Range(0, random.Next(DiskName.MaxData)).Select(DiskName.Data),
        ];
        var machine = new MachineSpec
        {
            Id = InstanceId.Parse(Pick(random, "vm-1", "a", "web.7.example", new string('x', 63))),
            Cluster = Pick(random, null, "c1", "<c&\"'>"),
            VCpus = random.Next(1, 65),
            MemoryBytes = random.NextInt64(64L << 20, 1L << 40),
            Disks = [.. names.Select((n, i) => AnyDisk(random, n, i))],
            Kernel = random.Next(2) == 0 ? null : AnyKernel(random),
            SeedPath = random.Next(2) == 0 ? null : "/store/seed, with comma.iso",
            ConsolePath = Pick(random, "/c/console.log", "/c,d/con<sole>&.log"),
        };
        return (machine, AnyOptions(random));
    }

    private static DomainOptions AnyOptions(Random random) => new()
    {
        Host = Pick(random, "host-1", "h<&>\"'"),
        Accelerator = Pick(random, DomainOptions.Kvm, DomainOptions.Qemu),
        MachineType = Pick(random, "q35", "pc-q35-7.2", "pc"),
        Bridge = Pick(random, null, "br0", "br-int.7"),
        Cache = Pick(random, "none", "writeback", "directsync"),
        Emulator = Pick(random, null, "/usr/bin/qemu-system-x86_64"),
    };

    private static MachineDisk AnyDisk(Random random, DiskName name, int index)
    {
        var path = Pick(random, "/s/", "/s p/ä,=:/", "/s/json:{}/", "/<&>\"'/nbd:/") + name;
        return random.Next(4) switch
        {
            0 => new MachineDisk(name, DiskPlan.Device(index), path, "raw", null),
            1 => new MachineDisk(name, DiskPlan.Device(index), path, "qcow2", null),
            2 => new MachineDisk(name, DiskPlan.Device(index), path, "qcow2", path + ".base"),
            _ => new MachineDisk(name, DiskPlan.Device(index), $"/dev/vg/{name}", "raw", null)
            {
                IsBlockDevice = true,
            },
        };
    }

    private static MachineKernel AnyKernel(Random random)
    {
        var characters = random.GetItems<char>(
            [.. Enumerable.Range(' ', '~' - ' ' + 1).Select(c => (char)c)], random.Next(1, 200));
        return new MachineKernel(
            "/store/kernel,x", Pick(random, null, "/store/ramdisk"), new string(characters));
    }

    private static T Pick<T>(Random random, params T[] choices) =>
        choices[random.Next(choices.Length)];
}
