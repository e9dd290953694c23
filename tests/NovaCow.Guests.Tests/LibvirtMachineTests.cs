using System.Collections.Concurrent;
using NovaCow.Core;
using NovaCow.Hypervisor;
using NovaCow.Hypervisor.Libvirt;
using NovaCow.Testing.Guests;

namespace NovaCow.Guests.Tests;

/// <summary>Machines of NovaCow's on a real libvirt, whose guests answer: they acknowledge disks
/// that come and go, and the power button.</summary>
public sealed class LibvirtMachineTests(Qcow2Host fixture) : IClassFixture<Qcow2Host>
{
    private const long MiB = GuestHost.MiB;

    [Fact]
    public async Task A_guest_sees_disks_come_and_go_and_powers_off_when_it_is_asked()
    {
        if (LibvirtDaemon.WhyNot is { } reason)
            Assert.Skip(reason);
        await using var daemon = await LibvirtDaemon.StartAsync();
        using var hypervisor = Open(daemon);
        var (machine, data) = await MachineAsync("vm-plug", null);
        ConcurrentQueue<MachineEvent> events = [];
        using var observation = hypervisor.Observe(events.Enqueue);
        await hypervisor.EnsureRunningAsync(machine, default);
        var console = new GuestConsole(machine.ConsolePath);
        await console.WaitForAsync("novacow: done");

        await hypervisor.AttachAsync(machine.Id, data, default);
        await console.WaitForAsync("novacow: added /dev/vdb 16 MiB serial data0");
        await hypervisor.DetachAsync(machine.Id, data.Name, GuestConsole.Patience, default);
        await console.WaitForAsync("novacow: removed /dev/vdb");
        await hypervisor.StopAsync(machine.Id, GuestConsole.Patience, default);
        await console.WaitForAsync("novacow: powering off");

        var list = await hypervisor.ListAsync(default);
        Assert.Equal(PowerState.Stopped, list.Machines[machine.Id].State);
        using var late = new CancellationTokenSource(GuestConsole.Patience);
        var off = new MachineEvent(
            machine.Id, new MachineStatus(PowerState.Stopped, PowerCause.Guest));
        while (!events.Contains(off))
            await Task.Delay(20, late.Token);
        await hypervisor.RemoveAsync(machine.Id, default);
    }

    [Fact]
    public async Task A_guest_that_ignores_the_power_button_is_ended_after_its_grace()
    {
        if (LibvirtDaemon.WhyNot is { } reason)
            Assert.Skip(reason);
        await using var daemon = await LibvirtDaemon.StartAsync();
        using var hypervisor = Open(daemon);
        var (machine, _) = await MachineAsync("vm-deaf", "deaf");
        await hypervisor.EnsureRunningAsync(machine, default);
        var console = new GuestConsole(machine.ConsolePath);
        await console.WaitForAsync("novacow: done");
        await console.WaitForAsync("novacow: power button on");

        // An emulated guest may need longer than any grace to notice the button.
        var clock = new HeldClock();
        using var patient = Open(daemon, clock);
        var stop = patient.StopAsync(machine.Id, TimeSpan.FromSeconds(3), default);
        await console.WaitForAsync("novacow: power button pressed");
        Assert.False(stop.IsCompleted);
        clock.LetGo();
        await stop.WaitAsync(GuestConsole.Patience);
        Assert.DoesNotContain("powering off", console.Lines);
        var list = await hypervisor.ListAsync(default);
        Assert.Equal(
            new MachineStatus(PowerState.Stopped, PowerCause.Ended), list.Machines[machine.Id]);
    }

    private LibvirtHypervisor Open(LibvirtDaemon daemon, TimeProvider? time = null)
    {
        var settings = new LibvirtSettings
        {
            Uri = daemon.Uri,
            Host = "test",
            StateFolder = fixture.NewFolder(),
            Accelerator = DomainOptions.Qemu,
        };
        var options = DomainOptions.For(settings, DomainOptions.Qemu);
        var xml = new MachineXml(
            (machine, _) => DomainXml.Of(machine, options), disk => DomainXml.Disk(disk, options));
        return new LibvirtHypervisor(settings, xml, time ?? TimeProvider.System);
    }

    /// <summary>An instance's machine, and a disk that it can be given.</summary>
    private async Task<(MachineSpec Machine, MachineDisk Data)> MachineAsync(
        string id, string? commands)
    {
        var host = fixture.Host;
        var instance = await host.LaunchAsync(id, GuestHost.Sized(0));
        var blank = new BaseContent.OfBlank(new BlankSpec(16 * MiB, BlankFileSystem.Raw));
        var disk = await host.MakeAsync(
            id, new PlannedDisk(DiskName.Data(0), DiskPlan.Device(1), blank, 16 * MiB));
        return (
            host.Machine(instance, commands),
            new MachineDisk(
                disk.Name, DiskPlan.Device(1), disk.Path, disk.Format,
                host.Store.BackingPath(disk)));
    }

    /// <summary>A clock that stands still until it is let go, and is an hour ahead then. Its timers
    /// are the machine's.</summary>
    private sealed class HeldClock : TimeProvider
    {
        private volatile bool _isLetGo;

        public void LetGo() => _isLetGo = true;

        public override long GetTimestamp() => _isLetGo ? TimestampFrequency * 3600 : 0;
    }
}
