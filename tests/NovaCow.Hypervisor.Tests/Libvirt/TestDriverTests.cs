using NovaCow.Core;
using NovaCow.Hypervisor.Libvirt;
using Xunit;

namespace NovaCow.Hypervisor.Tests.Libvirt;

/// <summary>What can be done where no emulator is.</summary>
public sealed class TestDriverTests : IDisposable
{
    private readonly LibvirtHypervisor _hypervisor = new(
        new LibvirtSettings
        {
            Uri = "test:///default",
            Host = "host-1",
            StateFolder = Path.GetTempPath(),
        },
        new MachineXml((machine, type) => TestXml.Domain(machine, type, "host-1"), TestXml.Disk),
        TimeProvider.System);

    [Fact]
    public async Task Machines_live_without_running_anything()
    {
        var found = await _hypervisor.GetCapabilitiesAsync(default);
        Assert.Equal("test", found.Accelerator);
        Assert.NotNull(found.Warning);
        var machine = NewMachine("vm-1");
        var seen = new List<MachineStatus>();
        var told = new TaskCompletionSource();
        using (_hypervisor.Observe(change =>
        {
            seen.Add(change.Status);
            if (!change.Status.IsOn)
                told.TrySetResult();
        }))
        {
            Assert.True((await _hypervisor.EnsureRunningAsync(machine, default)).Created);
            Assert.False((await _hypervisor.EnsureRunningAsync(machine, default)).Created);
            var all = await _hypervisor.ListAsync(default);
            Assert.Equal(["test"], all.Strangers);
            Assert.Equal([machine.Id], all.Machines.Keys);
            await _hypervisor.StopAsync(machine.Id, TimeSpan.FromMinutes(1), default);
            await told.Task.WaitAsync(TimeSpan.FromMinutes(1));
        }

        Assert.Equal(
            [
                new MachineStatus(PowerState.Running, PowerCause.Started),
                new MachineStatus(PowerState.Stopped, PowerCause.Guest),
            ],
            seen);
        await _hypervisor.RemoveAsync(machine.Id, default);
        Assert.Empty((await _hypervisor.ListAsync(default)).Machines);
    }

    [Fact]
    public async Task What_this_driver_cannot_do_is_refused_with_its_words()
    {
        var machine = NewMachine("vm-2");
        await _hypervisor.EnsureRunningAsync(machine, default);
        var disk = new MachineDisk(DiskName.Data(0), "/dev/vdb", "/x.raw", "raw", null);

        var attach = await Assert.ThrowsAsync<PortException>(
            () => _hypervisor.AttachAsync(machine.Id, disk, default));
        var copy = await Assert.ThrowsAsync<PortException>(
            () => _hypervisor.CopyDiskAsync(machine.Id, DiskName.Root, "/x", null, default));

        Assert.All([attach, copy], failure =>
        {
            Assert.Equal(LaunchErrorCode.Hypervisor, failure.Error.Code);
            Assert.False(failure.Error.IsRetryable);
            Assert.Contains("this connection's driver cannot do it", failure.Message);
        });
        await _hypervisor.RemoveAsync(machine.Id, default);
    }

    [Fact]
    public async Task A_libvirt_that_is_not_there_is_told_with_what_to_look_at()
    {
        using var nobody = new LibvirtHypervisor(
            new LibvirtSettings
            {
                Uri = "qemu+unix:///system?socket=/nowhere/libvirt-sock",
                Host = "host-1",
                StateFolder = Path.GetTempPath(),
            },
            new MachineXml((_, _) => "", _ => ""),
            TimeProvider.System);

        var failure = await Assert.ThrowsAsync<PortException>(() => nobody.ListAsync(default));

        Assert.True(failure.Error.IsRetryable);
        Assert.Contains("cannot be reached", failure.Message);
        Assert.Contains("No such file or directory", failure.Message);
    }

    public void Dispose() => _hypervisor.Dispose();

    private static MachineSpec NewMachine(string id) => new()
    {
        Id = InstanceId.Parse(id),
        VCpus = 1,
        MemoryBytes = 64L << 20,
        Disks = [],
        ConsolePath = "/nowhere",
    };
}
