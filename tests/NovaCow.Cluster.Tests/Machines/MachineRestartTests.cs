using System.Text.Json.Nodes;
using NovaCow.Cluster.Tests.Harness;
using NovaCow.Testing.Guests;

namespace NovaCow.Cluster.Tests.Machines;

/// <summary>A host and its libvirt that die both: libvirt forgets why a machine is off when it is
/// started again, and whether the host went down is known by the kernel's id of its boot.</summary>
public sealed class MachineRestartTests
{
    private const string Domain = "novacow-vm-1";

    [Fact]
    public async Task What_ended_while_host_and_libvirt_were_dead_stays_off_and_what_runs_goes_on()
    {
        await using var machines = await MachineCluster.StartAsync();
        await machines.StartHostAsync("host-1");
        var daemon = await machines.DaemonAsync("host-1");
        var console = await machines.RunAsync("vm-1", "host-1");
        await console.DoneAsync();
        var emulator = await daemon.EmulatorIdAsync(Domain);
        await UntilNotedAsync(machines, isOn: true);

        await machines.Cluster.Node("host-1").KillAsync();
        await DaemonDiesAsync(daemon);
        await machines.StartHostAsync("host-1");
        await machines.PowerAsync("vm-1", "running", "started");
        Assert.Equal(emulator, await daemon.EmulatorIdAsync(Domain));

        await machines.Cluster.Node("host-1").KillAsync();
        await daemon.VirshAsync("shutdown", Domain);
        await StateAsync(daemon, "shut off (shutdown)");
        await DaemonDiesAsync(daemon);
        await StateAsync(daemon, "shut off (unknown)");
        await machines.StartHostAsync("host-1");
        await machines.PowerAsync("vm-1", "stopped", "unknown");
        await UntilNotedAsync(machines, isOn: false);
        await StateAsync(daemon, "shut off (unknown)");

        // The same again, but for a host that was booted meanwhile.
        await machines.StartInstanceAsync("vm-1");
        await machines.Cluster.Node("host-1").KillAsync();
        await daemon.VirshAsync("destroy", Domain);
        await DaemonDiesAsync(daemon);
        await StateAsync(daemon, "shut off (unknown)");
        await BootedSinceAsync(machines);
        await machines.StartHostAsync("host-1");
        await machines.PowerAsync("vm-1", "running", "started");
        await machines.DeleteAsync("vm-1", "host-1");
    }

    private static async Task DaemonDiesAsync(LibvirtDaemon daemon)
    {
        await daemon.KillDaemonAsync();
        await daemon.RestartDaemonAsync();
    }

    private static Task<string> StateAsync(LibvirtDaemon daemon, string state) =>
        Eventually.HoldsAsync(
            $"{Domain} is {state}",
            async () => (await daemon.VirshAsync("domstate", Domain, "--reason")).Trim(),
            seen => seen == state,
            within: MachineCluster.Wait);

    /// <summary>Waits until the host has written down whether the machine is to run.</summary>
    private static Task<JsonNode> UntilNotedAsync(MachineCluster machines, bool isOn) =>
        Eventually.HoldsAsync(
            $"the record says that the machine is {(isOn ? "on" : "off")}",
            async () => JsonNode.Parse(await File.ReadAllTextAsync(RecordOf(machines)))!,
            record => (bool?)record["isOn"] == isOn && (record["ranInBoot"] is not null) == isOn,
            machines.Cluster.Logs,
            MachineCluster.Wait);

    /// <summary>As if the machine had last run before the host was booted.</summary>
    private static async Task BootedSinceAsync(MachineCluster machines)
    {
        var record = await UntilNotedAsync(machines, isOn: true);
        record["ranInBoot"] = "another";
        await File.WriteAllTextAsync(RecordOf(machines), record.ToJsonString());
    }

    private static string RecordOf(MachineCluster machines) => Path.Combine(
        machines.Cluster.StoreOf("host-1"), "instances", "vm-1", "instance.json");
}
