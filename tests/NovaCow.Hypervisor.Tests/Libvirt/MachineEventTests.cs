using System.Diagnostics;
using NovaCow.Core;
using NovaCow.Hypervisor.Libvirt;
using Xunit;

namespace NovaCow.Hypervisor.Tests.Libvirt;

[Collection(LibvirtCollection.Name)]
public sealed class MachineEventTests(EmbeddedLibvirt libvirt)
{
    private static readonly MachineStatus Started = new(PowerState.Running, PowerCause.Started);

    [Fact]
    public async Task A_guest_that_powers_off_is_told()
    {
        var machine = libvirt.NewMachine(BootSectors.PowersOff);
        using var seen = await SeenAsync();
        await libvirt.Hypervisor.EnsureRunningAsync(machine, default);

        await EmbeddedLibvirt.RunsAsync(machine);
        var clock = Stopwatch.StartNew();
        var stopping = new MachineStatus(PowerState.Stopping, PowerCause.Guest);
        await Until.TrueAsync(
            () => seen.Of(machine.Id).Contains(stopping), "the guest is told to have ended");
        Report("guest's power off", clock.Elapsed);
        await seen.EndAsync(machine.Id, new MachineStatus(PowerState.Stopped, PowerCause.Guest));

        Report("its emulator's end", clock.Elapsed);
        await libvirt.Hypervisor.RemoveAsync(machine.Id, default);
    }

    [Fact]
    public async Task A_machine_that_somebody_else_ends_is_told()
    {
        var machine = libvirt.NewMachine(BootSectors.Idles);
        using var seen = await SeenAsync();
        await libvirt.Hypervisor.EnsureRunningAsync(machine, default);

        using var theirs = libvirt.Other.Find(DomainIdentity.NameOf(machine.Id))!;
        theirs.Destroy();
        var clock = Stopwatch.StartNew();
        await seen.EndAsync(machine.Id, new MachineStatus(PowerState.Stopped, PowerCause.Ended));

        Report("destroy", clock.Elapsed);
        await libvirt.Hypervisor.RemoveAsync(machine.Id, default);
    }

    [Fact]
    public async Task A_machine_whose_emulator_is_killed_is_told_to_have_crashed()
    {
        var machine = libvirt.NewMachine(BootSectors.Idles);
        using var seen = await SeenAsync();
        await libvirt.Hypervisor.EnsureRunningAsync(machine, default);

        using (var emulator = Process.GetProcessById(libvirt.ProcessOf(machine.Id)))
            emulator.Kill();
        var clock = Stopwatch.StartNew();
        await seen.EndAsync(machine.Id, new MachineStatus(PowerState.Crashed, PowerCause.Broke));

        Report("kill -9", clock.Elapsed);
        var inventory = await libvirt.Hypervisor.ListAsync(default);
        Assert.Equal(PowerState.Crashed, inventory.Machines[machine.Id].State);
        Assert.True((await libvirt.Hypervisor.EnsureRunningAsync(machine, default)).Created);
        await libvirt.Hypervisor.RemoveAsync(machine.Id, default);
    }

    [Fact]
    public async Task Machines_of_other_hosts_are_not_told()
    {
        var stranger = libvirt.NewMachine(BootSectors.Idles);
        var ours = libvirt.NewMachine(BootSectors.PowersOff);
        using var seen = await SeenAsync();
        using (var theirs = libvirt.NewHypervisor("host-2"))
        {
            await theirs.EnsureRunningAsync(stranger, default);
            await theirs.RemoveAsync(stranger.Id, default);
        }

        await libvirt.Hypervisor.EnsureRunningAsync(ours, default);
        await seen.EndAsync(ours.Id, new MachineStatus(PowerState.Stopped, PowerCause.Guest));

        Assert.Empty(seen.Of(stranger.Id));
        await libvirt.Hypervisor.RemoveAsync(ours.Id, default);
    }

    [Fact]
    public async Task Who_has_ended_its_observation_is_told_nothing_more()
    {
        var machine = libvirt.NewMachine(BootSectors.Idles);
        var ended = await SeenAsync();
        using var seen = await SeenAsync();
        ended.Dispose();

        await libvirt.Hypervisor.EnsureRunningAsync(machine, default);
        await libvirt.Hypervisor.RemoveAsync(machine.Id, default);
        await seen.EndAsync(machine.Id, new MachineStatus(PowerState.Stopped, PowerCause.Ended));

        Assert.Empty(ended.Of(machine.Id));
    }

    [Fact]
    public async Task What_a_call_did_was_told_before_it_returns()
    {
        var machine = libvirt.NewMachine(BootSectors.Idles);
        using var seen = await SeenAsync();

        for (var round = 0; round < 5; round++)
        {
            await libvirt.Hypervisor.EnsureRunningAsync(machine, default);
            Assert.Equal(Started, seen.Of(machine.Id)[^1]);
            await libvirt.Hypervisor.StopAsync(machine.Id, TimeSpan.Zero, default);
            Assert.Equal(
                new MachineStatus(PowerState.Stopped, PowerCause.Ended), seen.Of(machine.Id)[^1]);
        }

        await libvirt.Hypervisor.RemoveAsync(machine.Id, default);
    }

    private async Task<Seen> SeenAsync()
    {
        await libvirt.Hypervisor.ListAsync(default);
        return new Seen(libvirt.Hypervisor);
    }

    private static void Report(string what, TimeSpan after) =>
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{what}: told after {after.TotalMilliseconds:0} ms");

    /// <summary>What an observer saw.</summary>
    private sealed class Seen : IDisposable
    {
        private readonly Lock _gate = new();
        private readonly List<MachineEvent> _all = [];
        private readonly IDisposable _observation;

        public Seen(LibvirtHypervisor hypervisor) => _observation = hypervisor.Observe(Add);

        public IReadOnlyList<MachineStatus> Of(InstanceId id)
        {
            lock (_gate)
                return [.. _all.Where(one => one.Id == id).Select(one => one.Status)];
        }

        /// <summary>It was seen to start, perhaps to be ending, and then to end so, and nothing
        /// else.</summary>
        public async Task EndAsync(InstanceId id, MachineStatus end)
        {
            await Until.TrueAsync(
                () => Of(id).Any(status => !status.IsOn), $"{id} is told to be {end}");
            Assert.Equal(
                [Started, end],
                Of(id).Where(s => s != new MachineStatus(PowerState.Stopping, end.Cause)));
        }

        public void Dispose() => _observation.Dispose();

        private void Add(MachineEvent change)
        {
            lock (_gate)
                _all.Add(change);
        }
    }
}
