using System.Xml.Linq;
using NovaCow.Core;
using NovaCow.Hypervisor.Libvirt;
using NovaCow.Hypervisor.Tests.Support;

namespace NovaCow.Hypervisor.Tests.Libvirt;

/// <summary>libvirt and qemu themselves take what is said, in a libvirt of the test's own.
/// </summary>
public sealed class DomainInLibvirtTests : IDisposable
{
    private const string Settings =
        """
        user = "root"
        group = "root"
        dynamic_ownership = 0
        remember_owner = 0
        security_driver = "none"
        namespaces = []
        cgroup_controllers = []
        stdio_handler = "file"
        """;

    private readonly Scratch _scratch = new();

    [Fact]
    public async Task A_machine_with_everything_starts_and_eight_disks_can_be_plugged_in()
    {
        await MakeFilesAsync();
        var machine = Everything();
        await File.WriteAllTextAsync(At("vm.xml"), DomainXml.Of(machine, GivenMachine.Options));
        var name = DomainIdentity.NameOf(machine.Id);
        List<string> commands = [$"define --validate {At("vm.xml")}", $"start {name}"];
        for (var i = 0; i < DiskName.MaxData; i++)
        {
            var disk = new MachineDisk(
                DiskName.Data(i), DiskPlan.Device(3 + i), At($"data{i}.raw"), "raw", null);
            var xml = At($"data{i}.xml");
            await File.WriteAllTextAsync(xml, DomainXml.Disk(disk, GivenMachine.Options));
            commands.Add($"attach-device {name} {xml} --live");
        }

        commands.AddRange([$"domstate {name} --reason", $"dumpxml {name}"]);
        commands.AddRange([$"destroy {name}", $"undefine {name}"]);
        var output = await VirshAsync(commands);
        Assert.Contains("running (booted)", output, StringComparison.Ordinal);

        var live = XElement.Parse(output[output.IndexOf("<domain", StringComparison.Ordinal)..(
            output.IndexOf("</domain>", StringComparison.Ordinal) + "</domain>".Length)]);
        Assert.Equal(
            new DomainIdentity(machine.Id, "rack1-host7", "c1"),
            DomainIdentity.Read(live.ToString()));
        Assert.Equal(3 + 1 + DiskName.MaxData, live.Descendants("disk").Count());
        Assert.All(
            live.Descendants("disk").Where(d => d.Attribute("device")!.Value == "disk"),
            d => Assert.StartsWith(
                "ua-", d.Element("alias")!.Attribute("name")!.Value, StringComparison.Ordinal));
        Assert.Equal(0, MisplacedDisks(live));
    }

    public void Dispose() => _scratch.Dispose();

    /// <summary>How many disks have an address before that of the disk before them: a guest names
    /// its disks by their addresses.</summary>
    private static int MisplacedDisks(XElement live)
    {
        var buses = live.Descendants("disk")
            .Where(d => d.Attribute("device")!.Value == "disk")
            .OrderBy(d => d.Element("target")!.Attribute("dev")!.Value, StringComparer.Ordinal)
            .Select(d => Convert.ToInt32(d.Element("address")!.Attribute("bus")!.Value, 16))
            .ToList();
        return buses.Zip(buses.Skip(1)).Count(p => p.Second <= p.First);
    }

    private MachineSpec Everything() => GivenMachine.Small with
    {
        MemoryBytes = 64L << 20,
        Disks =
        [
            new MachineDisk(DiskName.Root, "/dev/vda", At("root.raw"), "raw", null),
            new MachineDisk(
                DiskName.Ephemeral(0), "/dev/vdb", At("eph.qcow2"), "qcow2", At("base.raw")),
            new MachineDisk(DiskName.Swap, "/dev/vdc", At("swap.qcow2"), "qcow2", null),
        ],
        SeedPath = At("seed.iso"),
        ConsolePath = At("console.log"),
    };

    private async Task MakeFilesAsync()
    {
        Directory.CreateDirectory(At("etc"));
        await File.WriteAllTextAsync(At("etc/qemu.conf"), Settings);
        string[] raw = ["root", "base", .. Enumerable.Range(0, 8).Select(i => $"data{i}")];
        foreach (var name in raw)
        {
            await using var file = File.Create(At($"{name}.raw"));
            file.SetLength(1 << 20);
        }

        await File.WriteAllBytesAsync(At("seed.iso"), new byte[2048 * 20]);
        await SystemTool.RunAsync(
            "qemu-img",
            "create", "-q", "-f", "qcow2", "-F", "raw", "-b", At("base.raw"), At("eph.qcow2"));
        await SystemTool.RunAsync(
            "qemu-img", "create", "-q", "-f", "qcow2", At("swap.qcow2"), "1M");
    }

    private Task<string> VirshAsync(IEnumerable<string> commands) => SystemTool.RunAsync(
        "virsh", "--quiet", "-c", $"qemu:///embed?root={_scratch.Root}",
        string.Join("; ", commands));

    private string At(string name) => _scratch.At(name);
}
