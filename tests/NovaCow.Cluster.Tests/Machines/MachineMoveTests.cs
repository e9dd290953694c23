using NovaCow.Client;

namespace NovaCow.Cluster.Tests.Machines;

/// <summary>What one host's guest wrote boots on another: as an image that was captured while it
/// ran, and as the instance itself.</summary>
public sealed class MachineMoveTests
{
    [Fact]
    public async Task A_running_instances_image_boots_on_another_host_and_so_does_it_when_it_moved()
    {
        await using var machines = await MachineCluster.StartAsync();
        await machines.StartHostAsync("host-1");
        var console = await machines.RunAsync("vm-1", null, "demo", "at 1 mark original");
        await console.DoneAsync();
        await machines.StartHostAsync("host-2");
        await MoveIsRefusedAsync(machines);

        var emulator = await (await machines.DaemonAsync("host-1")).EmulatorIdAsync("novacow-vm-1");
        var captured = await machines.DoAsync((client, wait) => client.CaptureInstanceAsync(
            "vm-1", new CaptureImageRequest { Name = "captured" }, wait, default));
        Assert.Equal("running", captured.Power?.State);
        Assert.Equal(
            emulator, await (await machines.DaemonAsync("host-1")).EmulatorIdAsync("novacow-vm-1"));
        await HasItsOwnDisksAsync(machines, "host-1", captured);

        var image = await machines.Client.GetImageAsync("captured", default);
        Assert.StartsWith(
            $"peer+{machines.Cluster.Address("host-1")}", image.Source, StringComparison.Ordinal);
        var copy = await machines.RunAsync("vm-2", "host-2", "captured", "at 2 mark copy");
        MachineLifeTests.Sees(
            await copy.DoneAsync(),
            "novacow: boot 2\n", "novacow: marks original \n", "novacow: marked copy\n",
            "mounted, 1 boots written\n", "hostname vm-2 instance-id vm-2");
        await machines.DeleteAsync("vm-2", "host-2");

        await machines.StopInstanceAsync("vm-1");
        await MovesAsync(machines);
        MachineLifeTests.Sees(
            await new ApiConsole(machines.Client, "vm-1").DoneAsync(),
            "novacow: boot 2\n", "novacow: marks original \n", "mounted, 2 boots written\n",
            "hostname vm-1 instance-id vm-1");
        await machines.DeleteAsync("vm-1", "host-2");
        await machines.Cluster.DisksAreAsTheSchedulerSaysAsync("host-1", "host-2");
    }

    private static async Task MoveIsRefusedAsync(MachineCluster machines)
    {
        var refused = await Assert.ThrowsAsync<NovaCowException>(
            () => machines.Client.MoveInstanceAsync(
                "vm-1", new MoveInstanceRequest { To = "host-2" }, MachineCluster.Wait, default));
        Assert.Contains("stop it first", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>Moves what is off to the other host, and starts it there.</summary>
    private static async Task MovesAsync(MachineCluster machines)
    {
        var moved = await machines.DoAsync((client, wait) => client.MoveInstanceAsync(
            "vm-1", new MoveInstanceRequest { To = "host-2" }, wait, default));
        Assert.Equal("host-2", moved.Host);
        Assert.Empty((await machines.DomainsAsync("host-1")).Trim());
        await machines.Cluster.DisksAreAsTheSchedulerSaysAsync("host-1", "host-2");
        await machines.StartInstanceAsync("vm-1");
        await machines.PowerAsync("vm-1", "running", "started");
        await HasItsOwnDisksAsync(
            machines, "host-2", await machines.Client.GetInstanceAsync("vm-1", default));
    }

    /// <summary>What its machine writes to is what its host knows.</summary>
    private static async Task HasItsOwnDisksAsync(
        MachineCluster machines, string host, InstanceResource instance)
    {
        var daemon = await machines.DaemonAsync(host);
        var disks = await daemon.VirshAsync("domblklist", $"novacow-{instance.Id}");
        Assert.All(
            instance.Disks,
            d => Assert.Contains($" {d.Path}\n", disks, StringComparison.Ordinal));
    }
}
