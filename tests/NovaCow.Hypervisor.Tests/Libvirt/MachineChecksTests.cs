using NovaCow.Core;
using NovaCow.Hypervisor.Libvirt;
using NovaCow.Hypervisor.Tests.Support;

namespace NovaCow.Hypervisor.Tests.Libvirt;

public sealed class MachineChecksTests
{
    private static readonly MachineSpec Small = GivenMachine.Small;

    public static TheoryData<string, MachineSpec> Wrong => new()
    {
        { "no disk", Small with { Disks = [] } },
        { "processors", Small with { VCpus = 0 } },
        { "memory", Small with { MemoryBytes = 0 } },
        { "same name or device", Small with { Disks = [.. Small.Disks, .. Small.Disks] } },
        { "kernel arguments", Small with { Kernel = new MachineKernel("/k", null, "a\nb") } },
        { "kernel: expected", Small with { Kernel = new MachineKernel("k", null, null) } },
        { "ramdisk", Small with { Kernel = new MachineKernel("/k", "-r", null) } },
        { "console", Small with { ConsolePath = "console.log" } },
        { "console", Small with { ConsolePath = "/c/\u0001.log" } },
        { "console", Small with { ConsolePath = "/c/\uD800.log" } },
        { "console", Small with { ConsolePath = "/c/\uFFFE.log" } },
        { "seed", Small with { SeedPath = "/c/\n.iso" } },
        { "format 'vmdk'", With(d => d with { Format = "vmdk" }) },
        { "only qcow2 can", With(d => d with { BackingPath = "/base" }) },
        { "backing path", With(d => d with { Format = "qcow2", BackingPath = "json:{}" }) },
        { "path: expected an absolute", With(d => d with { Path = "nbd://example.com/" }) },
        { "device 'vda'", With(d => d with { Device = "vda" }) },
        { "device '/dev/sda'", With(d => d with { Device = "/dev/sda" }) },
        { "no disk", With(d => d with { Name = DiskName.Kernel }) },
    };

    [Theory]
    [MemberData(nameof(Wrong), DisableDiscoveryEnumeration = true)]
    public void What_can_be_no_machine_is_refused_and_why(string reason, MachineSpec machine)
    {
        var e = Assert.Throws<PortException>(() => DomainXml.Of(machine, GivenMachine.Options));
        Assert.Equal(LaunchErrorCode.InvalidRequest, e.Error.Code);
        Assert.False(e.Error.IsRetryable);
        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_that_no_machine_can_have_are_refused()
    {
        DomainOptions[] wrong =
        [
            GivenMachine.Options with { Cache = "unsafe" },
            GivenMachine.Options with { MachineType = "q35,accel=kvm" },
            GivenMachine.Options with { Bridge = "br0,id=x" },
            GivenMachine.Options with { Emulator = "qemu" },
        ];
        Assert.All(wrong, o => Assert.Throws<PortException>(() => DomainXml.Of(Small, o)));
        Assert.All(wrong, o => Assert.NotNull(o.Problem()));
        Assert.Null(GivenMachine.Options.Problem());
    }

    [Fact]
    public void A_name_in_any_script_is_said() =>
        Assert.Contains(
            "/c/ä😀.log",
            DomainXml.Of(Small with { ConsolePath = "/c/ä😀.log" }, GivenMachine.Options),
            StringComparison.Ordinal);

    private static MachineSpec With(Func<MachineDisk, MachineDisk> change) =>
        Small with { Disks = [change(Small.Disks[0])] };
}
