using NovaCow.Core;
using NovaCow.Hypervisor.Libvirt;
using Xunit;

namespace NovaCow.Hypervisor.Tests.Libvirt;

[Collection(LibvirtCollection.Name)]
public sealed class MachineDiskTests(EmbeddedLibvirt libvirt)
{
    private static readonly DiskName Data = DiskName.Data(0);

    private LibvirtHypervisor Hypervisor => libvirt.Hypervisor;

    [Fact]
    public async Task A_disk_is_plugged_in_once_and_out_once_the_guest_lets_go_of_it()
    {
        var machine = await RunAsync(BootSectors.LetsGoOfDevices);
        var disk = NewData(machine);

        await Hypervisor.AttachAsync(machine.Id, disk, default);
        await Hypervisor.AttachAsync(machine.Id, disk, default);
        Assert.True(Has(machine, inactive: false));
        Assert.True(Has(machine, inactive: true));

        await Hypervisor.DetachAsync(machine.Id, Data, TimeSpan.FromMinutes(2), default);
        Assert.False(Has(machine, inactive: false));
        Assert.False(Has(machine, inactive: true));
        await Hypervisor.DetachAsync(machine.Id, Data, TimeSpan.FromMinutes(2), default);

        await Hypervisor.AttachAsync(machine.Id, disk, default);
        await Hypervisor.RemoveAsync(machine.Id, default);
    }

    [Fact]
    public async Task A_guest_that_does_not_let_go_keeps_the_disk_and_the_call_fails()
    {
        var machine = await RunAsync(BootSectors.Idles);
        await Hypervisor.AttachAsync(machine.Id, NewData(machine), default);

        var failure = await Assert.ThrowsAsync<PortException>(() => Hypervisor.DetachAsync(
            machine.Id, Data, TimeSpan.FromMilliseconds(300), default));

        Assert.Equal(LaunchErrorCode.Hypervisor, failure.Error.Code);
        Assert.Contains("did not let go of disk data0", failure.Message);
        Assert.True(Has(machine, inactive: false));
        Assert.True(Has(machine, inactive: true));
        await Hypervisor.RemoveAsync(machine.Id, default);
    }

    [Fact]
    public async Task A_disk_of_a_machine_that_ends_meanwhile_is_let_go()
    {
        var machine = await RunAsync(BootSectors.Idles);
        await Hypervisor.AttachAsync(machine.Id, NewData(machine), default);

        var detach = Hypervisor.DetachAsync(machine.Id, Data, TimeSpan.FromMinutes(2), default);
        using (var theirs = libvirt.Other.Find(DomainIdentity.NameOf(machine.Id))!)
            theirs.Destroy();
        await detach;

        Assert.False(Has(machine, inactive: true));
        await Hypervisor.RemoveAsync(machine.Id, default);
    }

    [Fact]
    public async Task A_disk_is_not_plugged_into_a_machine_that_is_off_or_unreadable()
    {
        var machine = await RunAsync(BootSectors.Idles);
        var gone = NewData(machine) with { Path = "/nowhere/data0.raw" };

        var failure = await Assert.ThrowsAsync<PortException>(
            () => Hypervisor.AttachAsync(machine.Id, gone, default));
        Assert.Contains("No such file or directory", failure.Message);
        Assert.False(Has(machine, inactive: true));

        await Hypervisor.RemoveAsync(machine.Id, default);
        failure = await Assert.ThrowsAsync<PortException>(
            () => Hypervisor.AttachAsync(machine.Id, NewData(machine), default));
        Assert.Equal(LaunchErrorCode.InvalidRequest, failure.Error.Code);
        await Hypervisor.DetachAsync(machine.Id, Data, TimeSpan.Zero, default);
    }

    private async Task<MachineSpec> RunAsync(byte[] boot)
    {
        var machine = libvirt.NewMachine(boot);
        await Hypervisor.EnsureRunningAsync(machine, default);
        await EmbeddedLibvirt.RunsAsync(machine);
        return machine;
    }

    private MachineDisk NewData(MachineSpec machine) =>
        new(Data, "/dev/vdb", libvirt.NewDisk($"{machine.Id}-data0", []), "raw", null);

    private bool Has(MachineSpec machine, bool inactive)
    {
        using var domain = libvirt.Other.Find(DomainIdentity.NameOf(machine.Id))!;
        return MachineDisks.Find(domain.Xml(inactive), Data) is not null;
    }
}
