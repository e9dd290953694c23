using NovaCow.Core;

namespace NovaCow.Hypervisor.Tests.Support;

/// <summary>A machine whose files are there: a root disk that is a clone of a base, whose boot
/// sector says one letter on the serial console and powers off.</summary>
internal sealed class RealMachine : IDisposable
{
    /// <summary>What the guest says.</summary>
    public const string Word = "N";

    private const int DiskBytes = 1 << 20;

    private static readonly byte[] BootSector =
    [
        0xBA, 0xF8, 0x03, // mov dx, 0x3f8: the serial console
        0xB0, (byte)'N', // mov al, 'N'
        0xEE, // out dx, al
        0xBA, 0x04, 0x06, // mov dx, 0x604: power management
        0xB8, 0x00, 0x20, // mov ax, 0x2000: off
        0xEF, // out dx, ax
        0xF4, 0xEB, 0xFD, // hlt, for ever
        .. new byte[510 - 16],
        0x55, 0xAA,
    ];

    private readonly Scratch _scratch = new();

    /// <summary>The machine.</summary>
    public MachineSpec Spec => GivenMachine.Small with
    {
        MemoryBytes = 64L << 20,
        Disks =
        [
            new MachineDisk(DiskName.Root, "/dev/vda", At("root.qcow2"), "qcow2", At("base.raw")),
            new MachineDisk(DiskName.Ephemeral(0), "/dev/vdb", At("eph.raw"), "raw", null),
            new MachineDisk(DiskName.Swap, "/dev/vdc", At("swap.qcow2"), "qcow2", null),
        ],
        SeedPath = At("seed, with comma.iso"),
        ConsolePath = At("console, with comma.log"),
    };

    public string Root => _scratch.Root;

    public async Task MakeFilesAsync()
    {
        await File.WriteAllBytesAsync(At("base.raw"), BootSector);
        await File.WriteAllBytesAsync(At("seed, with comma.iso"), new byte[2048 * 20]);
        Grow(At("base.raw"));
        Grow(At("eph.raw"));
        await SystemTool.RunAsync(
            "qemu-img",
            "create", "-q", "-f", "qcow2", "-F", "raw", "-b", At("base.raw"), At("root.qcow2"));
        await SystemTool.RunAsync(
            "qemu-img", "create", "-q", "-f", "qcow2", At("swap.qcow2"), $"{DiskBytes}");
    }

    /// <summary>One more disk.</summary>
    public MachineDisk Data(int index)
    {
        var disk = new MachineDisk(
            DiskName.Data(index), DiskPlan.Device(3 + index), At($"data{index}.raw"), "raw", null);
        Grow(disk.Path);
        return disk;
    }

    public string At(string name) => _scratch.At(name);

    public void Dispose() => _scratch.Dispose();

    private static void Grow(string path)
    {
        using var file = File.OpenWrite(path);
        file.SetLength(DiskBytes);
    }
}
