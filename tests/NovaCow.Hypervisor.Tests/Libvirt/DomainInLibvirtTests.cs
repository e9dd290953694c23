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

    private readonly RealMachine _machine = new();

    [Fact]
    public async Task A_machine_with_everything_starts_and_eight_disks_can_be_plugged_in()
    {
        Directory.CreateDirectory(At("etc"));
        await File.WriteAllTextAsync(At("etc/qemu.conf"), Settings);
        await _machine.MakeFilesAsync();
        var machine = _machine.Spec;
        await File.WriteAllTextAsync(At("vm.xml"), DomainXml.Of(machine, GivenMachine.Options));
        var name = DomainIdentity.NameOf(machine.Id);
        List<string> commands = [$"define --validate {At("vm.xml")}", $"start --paused {name}"];
        for (var i = 0; i < DiskName.MaxData; i++)
        {
            var xml = At($"data{i}.xml");
            await File.WriteAllTextAsync(
                xml, DomainXml.Disk(_machine.Data(i), GivenMachine.Options));
            commands.Add($"attach-device {name} {xml} --live");
        }

        commands.AddRange([$"domstate {name}", $"dumpxml {name}"]);
        commands.AddRange([$"destroy {name}", $"undefine {name}"]);
        var output = await VirshAsync(commands);
        Assert.Contains("paused", output, StringComparison.Ordinal);

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

    public void Dispose() => _machine.Dispose();

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

    private Task<string> VirshAsync(IEnumerable<string> commands) => SystemTool.RunAsync(
        "virsh", "--quiet", "-c", $"qemu:///embed?root={_machine.Root}",
        string.Join("; ", commands));

    private string At(string name) => _machine.At(name);
}
