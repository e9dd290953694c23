using System.Text.Json;
using NovaCow.Core;
using NovaCow.Hypervisor.Libvirt;
using NovaCow.Hypervisor.Tests.Support;

namespace NovaCow.Hypervisor.Tests.Libvirt;

public sealed class QemuCommandTests : IDisposable
{
    private readonly RealMachine _machine = new();

    [Fact]
    public async Task A_machine_boots_from_its_clone_and_speaks_on_its_console()
    {
        await _machine.MakeFilesAsync();
        await File.WriteAllTextAsync(_machine.Spec.ConsolePath, "before;");
        var command = QemuCommand.Of(_machine.Spec, GivenMachine.Options);
        await SystemTool.RunAsync(command[0], command.Skip(1));
        Assert.Equal(
            $"before;{RealMachine.Word}", await File.ReadAllTextAsync(_machine.Spec.ConsolePath));
    }

    [Theory]
    [InlineData("q35", "none", "writeback, direct")]
    [InlineData("q35", "writeback", "writeback")]
    [InlineData("pc", "directsync", "writethrough, direct")]
    public async Task Qemu_takes_every_disk_with_the_chain_that_is_said(
        string machineType, string cache, string mode)
    {
        await _machine.MakeFilesAsync();
        var disks = Enumerable.Range(0, DiskName.MaxData).Select(_machine.Data);
        var machine = _machine.Spec with { Disks = [.. _machine.Spec.Disks, .. disks] };
        var options = GivenMachine.Options with { MachineType = machineType, Cache = cache };
        var command = QemuCommand.Of(machine, options);
        var output = await SystemTool.RunAsync(
            command[0],
            [.. command.Skip(1), "-S", "-monitor", "stdio"],
            "info block\nquit\n");
        output = output.Replace("\r", "", StringComparison.Ordinal);
        Assert.All(machine.Disks, d => Assert.Contains($"{d.Name}: {d.Path}", output));
        Assert.Contains($"Backing file:     {_machine.At("base.raw")}", output);
        Assert.All(machine.Disks, d => Assert.Matches(
            $@"(?m)^{d.Name}: .*\n(?: .*\n)*? +Cache mode: +{mode}$", output));
    }

    [Fact]
    public void No_disk_is_left_for_qemu_to_look_into()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var (machine, options) = GivenMachine.Random(seed);
            var command = QemuCommand.Of(machine, options);
            Assert.DoesNotContain("-drive", command);
            var nodes = ValuesOf(command, "-blockdev");
            foreach (var disk in machine.Disks)
            {
                var node = Assert.Single(nodes, n => Text(n, "node-name") == disk.Name.Value);
                Assert.Equal(disk.Format, Text(node, "driver"));
                var file = Assert.Single(nodes, n => Text(n, "node-name") == $"{disk.Name}-file");
                Assert.Equal(disk.Path, Text(file, "filename"));
                Assert.Equal(disk.IsBlockDevice ? "host_device" : "file", Text(file, "driver"));
                Assert.True(
                    disk.Format == "raw" || node.TryGetProperty("backing", out _),
                    $"seed {seed}: {disk.Name} does not say what it refers to");
            }
        }
    }

    [Fact]
    public void Disks_come_in_their_order()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var (machine, options) = GivenMachine.Random(seed);
            var devices = ValuesOf(QemuCommand.Of(machine, options), "-device");
            Assert.Equal(
                machine.Disks.Select(d => d.Name.Value),
                devices.Where(d => Text(d, "driver") == "virtio-blk-pci")
                    .Select(d => Text(d, "serial")));
        }
    }

    [Fact]
    public void A_kernels_arguments_stay_one_argument()
    {
        var machine = GivenMachine.Small with
        {
            Kernel = new MachineKernel("/k,x", "/r", "root=/dev/vda1 -monitor stdio, x=\"y z\""),
        };
        var command = QemuCommand.Of(machine, GivenMachine.Options);
        var place = command.ToList().IndexOf("-append");
        Assert.Equal(machine.Kernel.Arguments, command[place + 1]);
        Assert.Equal(["-kernel", "/k,x", "-initrd", "/r"], command.Skip(place - 4).Take(4));
    }

    [Fact]
    public void A_machine_is_described_for_libvirt_and_for_qemu()
    {
        var described = MachineDescriptions.Of(GivenMachine.Small, GivenMachine.Options);
        Assert.Equal(
            DomainXml.Of(GivenMachine.Small, GivenMachine.Options), described.DomainXml);
        Assert.Equal("qemu-system-x86_64", described.QemuArguments[0]);
    }

    public void Dispose() => _machine.Dispose();

    private static List<JsonElement> ValuesOf(IReadOnlyList<string> command, string option) =>
    [
        .. command.Zip(command.Skip(1))
            .Where(p => p.First == option)
            .Select(p => JsonDocument.Parse(p.Second).RootElement),
    ];

    private static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) ? value.GetString() : null;
}
