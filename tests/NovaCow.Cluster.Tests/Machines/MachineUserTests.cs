using NovaCow.Client;
using NovaCow.Testing.Guests;

namespace NovaCow.Cluster.Tests.Machines;

/// <summary>Machines on a libvirt that runs them as a user of their own and would change owners by
/// itself, as packages set it up.</summary>
public sealed class MachineUserTests
{
    private const long MiB = 1 << 20;
    private const string Domain = "novacow-vm-1";

    [Fact]
    public async Task A_guest_that_is_not_roots_has_its_disks_and_no_base_changes_hands()
    {
        await using var machines = await MachineCluster.StartAsync(asDefaultUser: true);
        await machines.StartHostAsync("host-1");
        var console = await machines.RunAsync("vm-1", "host-1", "demo", "at 1 mark first");
        MachineLifeTests.Sees(
            await console.DoneAsync(),
            "novacow: boot 1\n", "/dev/vda 200 MiB serial root\n",
            "ephemeral0 /dev/vdb mounted, 1 boots written\n", "swap /dev/vdc 16 MiB\n",
            "hostname vm-1 instance-id vm-1", "novacow: marked first\n");
        var daemon = await machines.DaemonAsync("host-1");
        var (user, group) = await daemon.EmulatorUserAsync(Domain);
        Assert.NotEqual(0u, user);
        var bases = await BasesAsync(machines);
        Assert.Equal(3, bases.Count);
        Assert.All(bases, b => Assert.Contains($" 0:{group} 440 ", b, StringComparison.Ordinal));
        await DisksAreAsync(machines, "vm-1", $"{user}:{group} 600", "root", "ephemeral0", "swap");

        await machines.StopInstanceAsync("vm-1");
        Assert.Equal(bases, await BasesAsync(machines));
        await console.SkipAsync();
        await machines.StartInstanceAsync("vm-1");
        MachineLifeTests.Sees(
            await console.DoneAsync(),
            "novacow: boot 2\n", "mounted, 2 boots written\n", "novacow: marks first");

        await machines.DoAsync((client, wait) => client.AttachDiskAsync(
            "vm-1", new AttachDiskRequest { SizeBytes = 32 * MiB }, wait, default));
        await console.WaitForAsync("novacow: added /dev/vdd 32 MiB serial data0$");
        await DisksAreAsync(machines, "vm-1", $"{user}:{group} 600", "root", "data0");
        await machines.DoAsync((client, wait) => client.DetachDiskAsync(
            "vm-1", "data0", delete: true, wait, default));
        await console.WaitForAsync("novacow: removed /dev/vdd$");

        await ACaptureBootsAsync(machines);
        await machines.DeleteAsync("vm-1", "host-1");
        await machines.Cluster.DisksAreAsTheSchedulerSaysAsync("host-1");
        Assert.Empty((await machines.DomainsAsync("host-1")).Trim());
        var left = await BasesAsync(machines);
        Assert.Superset(bases.ToHashSet(), left.ToHashSet());
        Assert.All(left, b => Assert.Contains($" 0:{group} 440 ", b, StringComparison.Ordinal));
    }

    private static async Task ACaptureBootsAsync(MachineCluster machines)
    {
        var daemon = await machines.DaemonAsync("host-1");
        var emulator = await daemon.EmulatorIdAsync(Domain);
        await machines.DoAsync((client, wait) => client.CaptureInstanceAsync(
            "vm-1", new CaptureImageRequest { Name = "captured" }, wait, default));
        Assert.Equal(emulator, await daemon.EmulatorIdAsync(Domain));
        var copy = await machines.RunAsync("vm-2", "host-1", "captured");
        MachineLifeTests.Sees(
            await copy.DoneAsync(),
            "novacow: boot 3\n", "novacow: marks first", "mounted, 1 boots written\n",
            "hostname vm-2 instance-id vm-2");
        await machines.DeleteAsync("vm-2", "host-1");
    }

    /// <summary>Each base with its owner, its mode and its digest.</summary>
    private static async Task<IReadOnlyList<string>> BasesAsync(MachineCluster machines)
    {
        var folder = Path.Combine(machines.Cluster.StoreOf("host-1"), "bases");
        List<string> bases = [];
        foreach (var path in Directory.EnumerateDirectories(folder).Order())
        {
            var file = Path.Combine(path, "base.raw");
            var digest = await SystemTool.RunAsync("sha256sum", file);
            bases.Add(await StatAsync(file) + $" {digest.Split(' ')[0]}");
        }

        return bases;
    }

    /// <summary>All of an instance's disks, of which these are some, have this owner and mode.
    /// </summary>
    private static async Task DisksAreAsync(
        MachineCluster machines, string id, string owned, params string[] names)
    {
        var instance = await machines.Client.GetInstanceAsync(id, default);
        Assert.Superset(names.ToHashSet(), instance.Disks.Select(d => d.Name).ToHashSet());
        foreach (var disk in instance.Disks)
            Assert.EndsWith($" {owned}", await StatAsync(disk.Path), StringComparison.Ordinal);
    }

    private static async Task<string> StatAsync(string path) =>
        (await SystemTool.RunAsync("stat", "-c", "%n %u:%g %a", path)).Trim();
}
