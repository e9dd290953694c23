using System.Diagnostics;
using NovaCow.Core;
using NovaCow.Hypervisor.Libvirt;
using NovaCow.Hypervisor.Tests.Support;
using Xunit;

namespace NovaCow.Hypervisor.Tests.Libvirt;

public sealed class LibvirtDaemonTests(LibvirtDaemon daemon)
    : IClassFixture<LibvirtDaemon>, IDisposable
{
    private static readonly MachineStatus Off = new(PowerState.Stopped, PowerCause.Ended);

    private readonly LibvirtHypervisor _hypervisor = daemon.NewHypervisor(LibvirtLab.Host);

    [Fact]
    public async Task Machines_outlive_the_daemon_and_what_became_of_them_is_told_when_it_is_back()
    {
        await daemon.StartAsync();
        var (stays, dies) = (Idle(), Idle());
        await _hypervisor.EnsureRunningAsync(stays, default);
        await _hypervisor.EnsureRunningAsync(dies, default);
        var told = new List<MachineEvent>();
        using var observation = _hypervisor.Observe(change =>
        {
            lock (told)
                told.Add(change);
        });
        await LibvirtLab.RunsAsync(stays);

        await daemon.KillAsync();
        var failure = await Assert.ThrowsAsync<PortException>(
            () => _hypervisor.StopAsync(stays.Id, TimeSpan.Zero, default));
        Assert.True(failure.Error.IsRetryable, failure.Message);
        using (var emulator = Process.GetProcessById(daemon.ProcessOf(dies.Id)))
            emulator.Kill();
        await daemon.StartAsync();

        await Until.TrueAsync(() => IsTold(dies.Id), $"{dies.Id} is told to be off");
        var all = await _hypervisor.ListAsync(default);
        Assert.True(all.Machines[stays.Id].IsOn);
        Assert.False(all.Machines[dies.Id].IsOn);
        Assert.False((await _hypervisor.EnsureRunningAsync(stays, default)).Created);
        await _hypervisor.StopAsync(stays.Id, TimeSpan.Zero, default);
        await Until.TrueAsync(() => IsTold(stays.Id), $"{stays.Id} is told to be off");
        lock (told)
        {
            Assert.Equal(
                [new MachineEvent(stays.Id, Off)],
                told.Where(one => one.Id == stays.Id && one.Status.State != PowerState.Stopping));
        }

        await _hypervisor.RemoveAsync(stays.Id, default);
        await _hypervisor.RemoveAsync(dies.Id, default);

        bool IsTold(InstanceId id)
        {
            lock (told)
                return told.Exists(one => one.Id == id && !one.Status.IsOn);
        }
    }

    [Fact]
    public async Task A_machine_that_ends_before_the_daemon_has_it_back_is_told_to_be_off()
    {
        await daemon.StartAsync();
        var machine = Idle();
        await _hypervisor.EnsureRunningAsync(machine, default);
        await LibvirtLab.RunsAsync(machine);
        var off = new TaskCompletionSource();
        using var observation = _hypervisor.Observe(change =>
        {
            if (change.Id == machine.Id && !change.Status.IsOn)
                off.TrySetResult();
        });

        // The daemon asks it how it is, and gets no answer.
        await daemon.KillAsync();
        using var emulator = Process.GetProcessById(daemon.ProcessOf(machine.Id));
        await SystemTool.RunAsync("kill", "-s", "STOP", $"{emulator.Id}");
        await daemon.StartAsync();
        await Until.TrueAsync(IsOn, "the machine is taken for running");
        emulator.Kill();

        await off.Task.WaitAsync(TimeSpan.FromMinutes(4));
        await _hypervisor.RemoveAsync(machine.Id, default);

        bool IsOn() => _hypervisor.ListAsync(default).GetAwaiter().GetResult()
            .Machines[machine.Id].IsOn;
    }

    [Fact]
    public async Task A_daemon_that_comes_up_later_is_found()
    {
        await daemon.KillAsync();
        var machine = Idle();
        var off = new TaskCompletionSource();
        using var observation = _hypervisor.Observe(change =>
        {
            if (change == new MachineEvent(machine.Id, Off))
                off.TrySetResult();
        });
        var failure = await Assert.ThrowsAsync<PortException>(
            () => _hypervisor.ListAsync(default));
        Assert.Contains("cannot be reached", failure.Message);

        await daemon.StartAsync();
        using (var other = daemon.NewHypervisor(LibvirtLab.Host))
        {
            await other.EnsureRunningAsync(machine, default);
            await _hypervisor.ListAsync(default);
            await other.RemoveAsync(machine.Id, default);
        }

        await off.Task.WaitAsync(TimeSpan.FromMinutes(4));
    }

    [Fact]
    public async Task A_disk_is_plugged_in_and_copied_and_out_through_the_daemon()
    {
        await daemon.StartAsync();
        var machine = daemon.NewMachine(BootSectors.LetsGoOfDevices);
        await _hypervisor.EnsureRunningAsync(machine, default);
        await LibvirtLab.RunsAsync(machine);
        var content = Enumerable.Range(0, 1 << 20).Select(i => (byte)(i / 7)).ToArray();
        var disk = new MachineDisk(
            DiskName.Data(0), "/dev/vdb", daemon.NewDisk("data0", content), "raw", null);
        var target = Path.Combine(daemon.Folder, "copy");

        await _hypervisor.AttachAsync(machine.Id, disk, default);
        await _hypervisor.CopyDiskAsync(machine.Id, disk.Name, target, null, default);
        await _hypervisor.DetachAsync(machine.Id, disk.Name, TimeSpan.FromMinutes(2), default);

        Assert.Equal(content, await File.ReadAllBytesAsync(target));
        await _hypervisor.RemoveAsync(machine.Id, default);
    }

    public void Dispose() => _hypervisor.Dispose();

    private MachineSpec Idle() => daemon.NewMachine(BootSectors.Idles);
}
