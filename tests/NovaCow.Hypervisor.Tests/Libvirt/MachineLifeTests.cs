using System.Diagnostics;
using NovaCow.Core;
using NovaCow.Hypervisor.Libvirt;
using Xunit;

namespace NovaCow.Hypervisor.Tests.Libvirt;

[Collection(LibvirtCollection.Name)]
public sealed class MachineLifeTests(EmbeddedLibvirt libvirt)
{
    private LibvirtHypervisor Hypervisor => libvirt.Hypervisor;

    [Fact]
    public async Task A_machine_starts_once_and_can_be_stopped_and_removed_again_and_again()
    {
        var machine = libvirt.NewMachine(BootSectors.Idles);

        var first = await Hypervisor.EnsureRunningAsync(machine, default);
        var second = await Hypervisor.EnsureRunningAsync(machine, default);

        Assert.True(first.Created);
        Assert.False(second.Created);
        Assert.Equal(new MachineStatus(PowerState.Running, PowerCause.Started), second.Value);
        await EmbeddedLibvirt.RunsAsync(machine);

        await Hypervisor.StopAsync(machine.Id, TimeSpan.Zero, default);
        await Hypervisor.StopAsync(machine.Id, TimeSpan.Zero, default);
        Assert.Equal(
            new MachineStatus(PowerState.Stopped, PowerCause.Ended), await StatusAsync(machine.Id));

        var third = await Hypervisor.EnsureRunningAsync(machine, default);
        Assert.True(third.Created);
        await Hypervisor.RemoveAsync(machine.Id, default);
        await Hypervisor.RemoveAsync(machine.Id, default);
        await Hypervisor.StopAsync(machine.Id, TimeSpan.FromSeconds(1), default);
        Assert.Null(await StatusAsync(machine.Id));
        Assert.Null(libvirt.Other.Find(DomainIdentity.NameOf(machine.Id)));
    }

    [Fact]
    public async Task A_guest_that_stands_still_goes_on_when_it_is_started()
    {
        var machine = libvirt.NewMachine(BootSectors.Idles);
        await Hypervisor.EnsureRunningAsync(machine, default);
        await EmbeddedLibvirt.RunsAsync(machine);
        using (var theirs = libvirt.Other.Find(DomainIdentity.NameOf(machine.Id))!)
            theirs.Suspend();
        Assert.Equal(PowerState.Paused, (await StatusAsync(machine.Id))!.State);

        var again = await Hypervisor.EnsureRunningAsync(machine, default);

        Assert.False(again.Created);
        Assert.Equal(PowerState.Running, (await StatusAsync(machine.Id))!.State);
        await Hypervisor.RemoveAsync(machine.Id, default);
    }

    [Fact]
    public async Task A_guest_that_hears_the_power_button_powers_itself_off_within_the_grace()
    {
        var machine = libvirt.NewMachine(BootSectors.HearsPowerButton);
        await Hypervisor.EnsureRunningAsync(machine, default);
        await EmbeddedLibvirt.RunsAsync(machine);

        await Hypervisor.StopAsync(machine.Id, TimeSpan.FromMinutes(5), default);

        Assert.Equal(
            new MachineStatus(PowerState.Stopped, PowerCause.Guest), await StatusAsync(machine.Id));
        await Hypervisor.RemoveAsync(machine.Id, default);
    }

    [Fact]
    public async Task A_guest_that_does_not_hear_it_is_ended_after_the_grace()
    {
        var machine = libvirt.NewMachine(BootSectors.Idles);
        await Hypervisor.EnsureRunningAsync(machine, default);

        await Hypervisor.StopAsync(machine.Id, TimeSpan.FromMilliseconds(200), default);

        Assert.Equal(
            new MachineStatus(PowerState.Stopped, PowerCause.Ended), await StatusAsync(machine.Id));
        await Hypervisor.RemoveAsync(machine.Id, default);
    }

    [Fact]
    public async Task A_machine_that_does_not_start_leaves_no_definition_and_says_libvirts_reason()
    {
        var machine = libvirt.NewMachine(BootSectors.Idles);
        File.Delete(machine.Disks[0].Path);

        var failure = await Assert.ThrowsAsync<PortException>(
            () => Hypervisor.EnsureRunningAsync(machine, default));

        Assert.Equal(LaunchErrorCode.Hypervisor, failure.Error.Code);
        Assert.Contains($"machine {machine.Id} could not be started", failure.Message);
        Assert.Contains("No such file or directory", failure.Message);
        Assert.Null(libvirt.Other.Find(DomainIdentity.NameOf(machine.Id)));
    }

    [Fact]
    public async Task A_domain_of_another_host_with_the_instances_name_is_left_alone_by_every_call()
    {
        var machine = libvirt.NewMachine(BootSectors.Idles);
        using var stranger = libvirt.Other.Define(TestXml.Domain(machine, "qemu", "host-2"));
        stranger.Create();

        await RefusedAsync(() => Hypervisor.EnsureRunningAsync(machine, default));
        await RefusedAsync(() => Hypervisor.StopAsync(machine.Id, TimeSpan.Zero, default));
        await RefusedAsync(
            () => Hypervisor.StopAsync(machine.Id, TimeSpan.FromSeconds(1), default));
        await RefusedAsync(() => Hypervisor.RemoveAsync(machine.Id, default));
        await RefusedAsync(() => Hypervisor.AttachAsync(machine.Id, machine.Disks[0], default));
        await RefusedAsync(
            () => Hypervisor.DetachAsync(machine.Id, DiskName.Root, TimeSpan.Zero, default));
        await RefusedAsync(
            () => Hypervisor.CopyDiskAsync(machine.Id, DiskName.Root, "/nowhere", null, default));

        Assert.True(stranger.IsActive);
        var inventory = await Hypervisor.ListAsync(default);
        Assert.Contains(stranger.Name, inventory.Strangers);
        Assert.DoesNotContain(machine.Id, inventory.Machines.Keys);
        using (var theirs = libvirt.NewHypervisor("host-2"))
            await theirs.RemoveAsync(machine.Id, default);
    }

    [Fact]
    public async Task A_domain_that_no_host_made_is_not_the_machine_that_its_name_says()
    {
        var machine = libvirt.NewMachine(BootSectors.Idles);
        using var stranger = libvirt.Other.Define($"""
            <domain type='qemu'>
              <name>{DomainIdentity.NameOf(machine.Id)}</name>
              <memory unit='MiB'>16</memory>
              <os><type arch='x86_64' machine='q35'>hvm</type></os>
            </domain>
            """);

        await RefusedAsync(() => Hypervisor.EnsureRunningAsync(machine, default));
        await Hypervisor.RemoveAsync(machine.Id, default);

        using var left = libvirt.Other.Find(DomainIdentity.NameOf(machine.Id));
        Assert.NotNull(left);
        left.Undefine();
    }

    [Fact]
    public async Task A_call_that_nobody_waits_for_any_more_is_made_whole()
    {
        var machine = libvirt.NewMachine(BootSectors.Idles);
        await Hypervisor.GetCapabilitiesAsync(default);

        await Until.GivenUpAsync(
            token => Hypervisor.EnsureRunningAsync(machine, token),
            () => libvirt.Other.Find(DomainIdentity.NameOf(machine.Id)) is not null,
            () => Hypervisor.RemoveAsync(machine.Id, default));
        var again = await Hypervisor.EnsureRunningAsync(machine, default);

        Assert.False(again.Created);
        await Hypervisor.RemoveAsync(machine.Id, default);
    }

    [Fact]
    public async Task Twenty_machines_start_and_go_at_once()
    {
        var machines = Enumerable.Range(0, 20)
            .Select(_ => libvirt.NewMachine(BootSectors.Idles, "crowd")).ToList();

        var clock = Stopwatch.StartNew();
        var started = await Task.WhenAll(
            machines.Select(machine => Hypervisor.EnsureRunningAsync(machine, default)));
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"20 machines started in {clock.Elapsed.TotalSeconds:0.0} s");

        Assert.All(started, one => Assert.True(one.Created));
        var inventory = await Hypervisor.ListAsync(default);
        Assert.All(machines, machine => Assert.True(inventory.Machines[machine.Id].IsOn));
        await Task.WhenAll(
            machines.Select(machine => Hypervisor.RemoveAsync(machine.Id, default)));
        inventory = await Hypervisor.ListAsync(default);
        Assert.All(machines, machine => Assert.False(inventory.Machines.ContainsKey(machine.Id)));
    }

    private static async Task RefusedAsync(Func<Task> call)
    {
        var failure = await Assert.ThrowsAsync<PortException>(call);
        Assert.Equal(LaunchErrorCode.InvalidRequest, failure.Error.Code);
        Assert.Contains("left alone", failure.Message);
    }

    private async Task<MachineStatus?> StatusAsync(InstanceId id) =>
        (await Hypervisor.ListAsync(default)).Machines.GetValueOrDefault(id);
}
