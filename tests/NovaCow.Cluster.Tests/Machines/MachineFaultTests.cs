using NovaCow.Client;
using NovaCow.Cluster.Tests.Harness;
using NovaCow.Testing.Guests;

namespace NovaCow.Cluster.Tests.Machines;

/// <summary>Machines whose host's process dies while they run, and that end without having been
/// asked to: what is shown is what is.</summary>
public sealed class MachineFaultTests
{
    private const string Domain = "novacow-vm-1";

    [Fact]
    public async Task A_guest_goes_on_while_its_host_is_dead_and_is_adopted_when_it_returns()
    {
        await using var machines = await MachineCluster.StartAsync();
        await machines.StartHostAsync("host-1");
        var daemon = await machines.DaemonAsync("host-1");
        var console = await machines.RunAsync("vm-1", "host-1");
        await console.WaitForAsync("novacow: up");
        var emulator = await daemon.EmulatorIdAsync(Domain);

        await machines.Cluster.Node("host-1").KillAsync();
        await machines.Cluster.UntilHostIsAsync("host-1", "unreachable");
        Assert.Null((await machines.Client.GetInstanceAsync("vm-1", default)).Power);

        // Nobody reads its console through the host now.
        var instance = Path.Combine(machines.Cluster.StoreOf("host-1"), "instances", "vm-1");
        await new GuestConsole(Path.Combine(instance, "console.log"))
            .WaitForAsync("novacow: done");
        await machines.StartHostAsync("host-1");
        await machines.PowerAsync("vm-1", "running", "started");
        Assert.Equal(emulator, await daemon.EmulatorIdAsync(Domain));
        var text = await console.DoneAsync();
        Assert.Equal(2, text.Split("novacow: up after").Length);
        Assert.Equal("running", (await daemon.VirshAsync("domstate", Domain)).Trim());

        // What ended meanwhile by somebody's will is not started again.
        await machines.Cluster.Node("host-1").KillAsync();
        await daemon.VirshAsync("destroy", Domain);
        await machines.StartHostAsync("host-1");
        await machines.PowerAsync("vm-1", "stopped", "ended");
        await machines.StartInstanceAsync("vm-1");
        Assert.NotEqual(emulator, await daemon.EmulatorIdAsync(Domain));
        await machines.DeleteAsync("vm-1", "host-1");
    }

    [Fact]
    public async Task What_is_asked_of_a_machine_is_done_by_a_host_that_was_killed_in_the_middle()
    {
        await using var machines = await MachineCluster.StartAsync();
        await machines.StartHostAsync("host-1");
        var daemon = await machines.DaemonAsync("host-1");
        var console = await machines.RunAsync("vm-1", "host-1", "demo", "mark once");
        await console.DoneAsync();
        var emulator = await daemon.EmulatorIdAsync(Domain);

        await InterruptedAsync(machines, (client, id) => client.CaptureInstanceAsync(
            id, new CaptureImageRequest { Name = "captured" }, null, default));
        await machines.PowerAsync("vm-1", "running", "started");
        Assert.Equal(emulator, await daemon.EmulatorIdAsync(Domain));
        Assert.NotNull(await machines.Client.GetImageAsync("captured", default));

        await console.SkipAsync();
        await InterruptedAsync(machines, (client, id) => client.RebuildInstanceAsync(
            id, new RebuildRequest { Image = "demo" }, null, default));
        await machines.PowerAsync("vm-1", "running", "started");
        var rebuilt = await console.DoneAsync();
        Assert.Contains("novacow: boot 1\n", rebuilt, StringComparison.Ordinal);
        Assert.DoesNotContain("novacow: marks", rebuilt, StringComparison.Ordinal);
        Assert.Equal(2, rebuilt.Split("novacow: up after").Length);
        await machines.DeleteAsync("vm-1", "host-1");
    }

    [Fact]
    public async Task A_launch_and_a_delete_are_ended_by_a_host_that_was_killed_in_the_middle()
    {
        await using var machines = await MachineCluster.StartAsync();
        await machines.StartHostAsync("host-1");
        await machines.Client.LaunchAsync(
            MachineCluster.Request("vm-1", "host-1"), wait: null, default);
        await Eventually.HoldsAsync(
            "its machine is about to start",
            () => machines.Client.GetInstanceAsync("vm-1", default),
            i => i.State is "committed" or "active",
            machines.Cluster.Logs);
        await machines.Cluster.Node("host-1").KillAsync();
        Told(await machines.DomainsAsync("host-1"));
        await machines.StartHostAsync("host-1");
        await machines.Cluster.UntilAllAreAsync("active", 1);
        await machines.PowerAsync("vm-1", "running", "started");
        Assert.Single((await machines.DomainsAsync("host-1")).Trim().Split('\n'));

        await machines.Client.DeleteInstanceAsync("vm-1", wait: null, default);
        await machines.Cluster.Node("host-1").KillAsync();
        Told(await machines.DomainsAsync("host-1"));
        await machines.StartHostAsync("host-1");
        await Eventually.TrueAsync(
            "nothing of it is left",
            async () => !machines.Cluster.OnDisk("host-1").Any()
                && string.IsNullOrWhiteSpace(await machines.DomainsAsync("host-1")),
            machines.Cluster.Logs);

        static void Told(string domains) => TestContext.Current.TestOutputHelper?.WriteLine(
            $"libvirt had, when the host was killed: {domains.Trim()}");
    }

    /// <summary>Asks for something, and kills the host once it is at it.</summary>
    private static async Task InterruptedAsync(
        MachineCluster machines, Func<NovaCowClient, string, Task<InstanceResource>> ask)
    {
        var asked = (await ask(machines.Client, "vm-1")).Operation!;
        await machines.Cluster.Node("host-1").KillAsync();
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{asked.Kind} was {asked.State} when the host was killed");
        await machines.StartHostAsync("host-1");
        var ended = (await Eventually.HoldsAsync(
            $"{asked.Kind} has ended",
            () => machines.Client.GetInstanceAsync("vm-1", default),
            i => i.Operation!.State != "running",
            machines.Cluster.Logs,
            MachineCluster.Wait)).Operation!;
        Assert.True(ended.State == "done", ended.Error);
    }

    [Fact]
    public async Task However_a_machine_ends_it_is_seen_at_once_with_its_cause()
    {
        await using var machines = await MachineCluster.StartAsync();
        await machines.StartHostAsync("host-1");
        var daemon = await machines.DaemonAsync("host-1");
        var console = await machines.RunAsync("vm-1", "host-1");
        await console.DoneAsync();

        await daemon.VirshAsync("shutdown", Domain);
        await console.WaitForAsync("novacow: powering off");
        await ShownAsync("its guest powered off", "stopped", "guest");

        await machines.StartInstanceAsync("vm-1");
        await daemon.KillEmulatorAsync(Domain);
        await ShownAsync("its emulator was killed", "crashed", "broke");

        await machines.StartInstanceAsync("vm-1");
        await daemon.VirshAsync("destroy", Domain);
        await ShownAsync("it was destroyed", "stopped", "ended");

        await machines.StartInstanceAsync("vm-1");
        await daemon.VirshAsync("suspend", Domain);
        await ShownAsync("it was suspended", "paused", "unknown");
        await daemon.VirshAsync("resume", Domain);
        await ShownAsync("it was resumed", "running", "started");
        await machines.DeleteAsync("vm-1", "host-1");

        async Task ShownAsync(string what, string state, string cause)
        {
            var took = await machines.PowerAsync("vm-1", state, cause);
            TestContext.Current.TestOutputHelper?.WriteLine(
                $"{what}: shown {took.TotalMilliseconds:F0} ms later as {state} ({cause})");
        }
    }
}
