using System.Text.Json.Nodes;
using NovaCow.Core;
using NovaCow.Hypervisor.Libvirt;
using Xunit;

namespace NovaCow.Hypervisor.Tests.Libvirt;

[Collection(LibvirtCollection.Name)]
public sealed class CapabilityTests(EmbeddedLibvirt libvirt)
{
    private string Memory => Path.Combine(libvirt.Folder, "state/kvm-trial.json");

    [Fact]
    public async Task Kvm_is_used_where_a_guest_was_seen_to_run_on_it_and_else_a_warning_says_why()
    {
        if (File.Exists(Memory))
            File.Delete(Memory);
        using var hypervisor = libvirt.NewHypervisor("trial-host", "auto");

        var found = await hypervisor.GetCapabilitiesAsync(default);

        Assert.Equal("libvirt", found.Name);
        Assert.Matches(@"^libvirt \d+\.\d+\.\d+, QEMU \d+\.\d+\.\d+$", found.Version);
        TestContext.Current.TestOutputHelper?.WriteLine($"{found.Accelerator}: {found.Warning}");
        if (found.Accelerator == "qemu")
            Assert.Contains("guests are emulated", found.Warning);
        else
            Assert.Equal(("kvm", null), (found.Accelerator, found.Warning));
        var machine = libvirt.NewMachine(BootSectors.Idles);
        using var other = libvirt.NewHypervisor(EmbeddedLibvirt.Host, found.Accelerator!);
        await other.EnsureRunningAsync(machine, default);
        await EmbeddedLibvirt.RunsAsync(machine);
        await other.RemoveAsync(machine.Id, default);
        Assert.DoesNotContain(
            libvirt.Other.List(), domain => domain.Name == KvmTrial.DomainName("trial-host"));
    }

    [Fact]
    public async Task The_answer_is_remembered_until_the_machine_boots_again()
    {
        using (var first = libvirt.NewHypervisor("trial-host", "auto"))
            await first.GetCapabilitiesAsync(default);
        if (!File.Exists(Memory))
            Assert.Skip("libvirt offers no kvm here, so that none was tried");
        var note = JsonNode.Parse(await File.ReadAllTextAsync(Memory))!;
        var (works, reason) = ((bool)note["Works"]!, "as the file says");
        note["Works"] = !works;
        note["Reason"] = reason;
        await File.WriteAllTextAsync(Memory, note.ToJsonString());

        using var second = libvirt.NewHypervisor("trial-host", "auto");
        var found = await second.GetCapabilitiesAsync(default);
        Assert.Equal(works ? "qemu" : "kvm", found.Accelerator);

        note["Key"] = "another boot";
        await File.WriteAllTextAsync(Memory, note.ToJsonString());
        using var third = libvirt.NewHypervisor("trial-host", "auto");
        found = await third.GetCapabilitiesAsync(default);
        Assert.Equal(works ? "kvm" : "qemu", found.Accelerator);
    }

    [Fact]
    public void The_trials_guest_powers_off() =>
        Assert.Equal([0x55, 0xAA], KvmTrial.BootSector()[510..]);

    [Fact]
    public async Task The_trials_guest_powers_off_when_it_is_emulated()
    {
        var machine = libvirt.NewMachine(KvmTrial.BootSector());
        var off = new TaskCompletionSource<MachineStatus>();
        using var observation = libvirt.Hypervisor.Observe(change =>
        {
            if (change.Id == machine.Id && !change.Status.IsOn)
                off.TrySetResult(change.Status);
        });
        await libvirt.Hypervisor.EnsureRunningAsync(machine, default);

        var status = await off.Task.WaitAsync(TimeSpan.FromMinutes(2));

        Assert.Equal(new MachineStatus(PowerState.Stopped, PowerCause.Guest), status);
        await libvirt.Hypervisor.RemoveAsync(machine.Id, default);
    }
}
