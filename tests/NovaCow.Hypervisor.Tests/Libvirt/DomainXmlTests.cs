using System.Xml.Linq;
using NovaCow.Core;
using NovaCow.Hypervisor.Libvirt;
using NovaCow.Hypervisor.Tests.Support;

namespace NovaCow.Hypervisor.Tests.Libvirt;

public sealed class DomainXmlTests
{
    private const int Machines = 300;

    [Fact]
    public async Task Every_machine_is_valid_by_libvirts_own_schema()
    {
        using var scratch = new Scratch();
        var files = new List<string>();
        for (var seed = 0; seed < Machines; seed++)
        {
            var (machine, options) = GivenMachine.Random(seed);
            files.Add(scratch.At($"{seed}.xml"));
            (uint, uint)? owner = seed % 2 == 0 ? null : (64055, (uint)seed);
            await File.WriteAllTextAsync(
                files[^1], DomainXml.Of(machine, options with { DiskOwner = owner }));
        }

        // What is wrong with seed N is said of file N.xml.
        await SystemTool.RunAsync(
            "xmllint",
            ["--noout", "--relaxng", "/usr/share/libvirt/schemas/domain.rng", .. files]);
    }

    [Fact]
    public void Every_disk_says_its_format_and_its_chain_to_the_end_and_keeps_its_place()
    {
        for (var seed = 0; seed < Machines; seed++)
        {
            var (machine, options) = GivenMachine.Random(seed);
            var disks = XElement.Parse(DomainXml.Of(machine, options))
                .Element("devices")!.Elements("disk").ToList();
            Assert.All(disks, disk => AssertWholeChain(disk, seed));

            var own = disks.Where(d => d.Attribute("device")!.Value == "disk").ToList();
            Assert.Equal(
                machine.Disks.Select(d => d.Device),
                own.Select(d => "/dev/" + d.Element("target")!.Attribute("dev")!.Value));
            Assert.Equal(
                machine.Disks.Select(d => d.Name.Value),
                own.Select(d => d.Element("serial")!.Value));
            Assert.Equal(machine.Disks.Select(d => d.Path), own.Select(PathOf));
            Assert.Equal(
                machine.Disks.Select(d => d.BackingPath),
                own.Select(d => PathOf(d.Element("backingStore")!)));
        }
    }

    [Fact]
    public void What_is_written_comes_back_as_it_was_said_and_is_nothing_else()
    {
        for (var seed = 0; seed < Machines; seed++)
        {
            var (machine, options) = GivenMachine.Random(seed);
            var domain = XElement.Parse(
                DomainXml.Of(machine, options), LoadOptions.PreserveWhitespace);
            var os = domain.Element("os")!;
            Assert.Equal(machine.Kernel?.Arguments, os.Element("cmdline")?.Value);
            Assert.Equal(machine.Kernel?.KernelPath, os.Element("kernel")?.Value);
            Assert.Equal(machine.Kernel?.RamdiskPath, os.Element("initrd")?.Value);
            var console = domain.Element("devices")!.Element("serial")!.Element("source")!;
            Assert.Equal(machine.ConsolePath, console.Attribute("path")!.Value);
            Assert.Equal("on", console.Attribute("append")!.Value);
        }
    }

    [Fact]
    public void A_clone_of_qcow2_names_the_format_of_its_base()
    {
        var xml = DomainXml.Disk(
            GivenMachine.Overlay(DiskName.Ephemeral(0), 1), GivenMachine.Options);
        var expected = XElement.Parse(
            """
            <disk type="file" device="disk">
              <driver name="qemu" type="qcow2" cache="none" error_policy="stop"
                      rerror_policy="report" discard="unmap" detect_zeroes="unmap" />
              <source file="/store/instances/vm-1/ephemeral0.qcow2" />
              <backingStore type="file">
                <format type="raw" />
                <source file="/store/bases/sha256-00/base.raw">
                  <seclabel model="dac" relabel="no" />
                </source>
                <backingStore />
              </backingStore>
              <target dev="vdb" bus="virtio" />
              <serial>ephemeral0</serial>
              <alias name="ua-ephemeral0" />
            </disk>
            """);
        Assert.True(XNode.DeepEquals(expected, XElement.Parse(xml)), xml);
    }

    [Fact]
    public void Guests_run_as_whom_their_disks_belong_to_and_no_owner_is_changed()
    {
        var xml = DomainXml.Of(
            GivenMachine.Small with { Disks = [GivenMachine.Overlay(DiskName.Root, 0)] },
            GivenMachine.Options with { DiskOwner = (64055, 107) });
        var label = XElement.Parse(xml).Element("seclabel")!;
        Assert.Equal(
            ("dac", "no", "+64055:+107"),
            (label.Attribute("model")!.Value, label.Attribute("relabel")!.Value, label.Value));
        Assert.Single(XElement.Parse(xml).Descendants("seclabel"));
    }

    [Fact]
    public void A_disk_that_is_plugged_in_later_is_said_as_at_the_start()
    {
        var disk = GivenMachine.Disk(DiskName.Data(0), 1);
        var machine = GivenMachine.Small with { Disks = [.. GivenMachine.Small.Disks, disk] };
        var alone = XElement.Parse(DomainXml.Disk(disk, GivenMachine.Options));
        var within = XElement.Parse(DomainXml.Of(machine, GivenMachine.Options))
            .Element("devices")!.Elements("disk").Last();
        Assert.True(XNode.DeepEquals(alone, within));
    }

    [Theory]
    [InlineData("q35", 11)]
    [InlineData("pc-q35-7.2", 11)]
    [InlineData("pc", 0)]
    public void There_are_ports_for_the_disks_that_may_come(string machineType, int ports)
    {
        var options = GivenMachine.Options with { MachineType = machineType };
        var controllers = XElement.Parse(DomainXml.Of(GivenMachine.Small, options))
            .Element("devices")!.Elements("controller");
        Assert.Equal(
            ports, controllers.Count(c => c.Attribute("model")!.Value == "pcie-root-port"));
    }

    [Fact]
    public void A_seed_is_a_read_only_disc_that_takes_no_name_from_the_disks()
    {
        var machine = GivenMachine.Small with { SeedPath = "/store/instances/vm-1/seed.iso" };
        var seed = XElement.Parse(DomainXml.Of(machine, GivenMachine.Options))
            .Element("devices")!.Elements("disk").Last();
        Assert.Equal("cdrom", seed.Attribute("device")!.Value);
        Assert.Equal("scsi", seed.Element("target")!.Attribute("bus")!.Value);
        Assert.NotNull(seed.Element("readonly"));
    }

    private static void AssertWholeChain(XElement disk, int seed)
    {
        Assert.True(disk.Element("driver")!.Attribute("type") is not null, $"seed {seed}: {disk}");
        var link = disk.Element("backingStore");
        while (link is { HasElements: true })
        {
            Assert.True(link.Element("format") is not null, $"seed {seed}: {disk}");
            link = link.Element("backingStore");
        }

        Assert.True(link is { HasAttributes: false }, $"seed {seed}: no end: {disk}");
    }

    private static string? PathOf(XElement element) =>
        element.Element("source") is { } source
            ? (source.Attribute("file") ?? source.Attribute("dev"))!.Value
            : null;
}
