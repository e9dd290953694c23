using System.Text;
using NovaCow.Client;
using NovaCow.Cluster.Tests.Harness;

namespace NovaCow.Cluster.Tests.Machines;

/// <summary>What clients ask of an instance's machine, over real processes: its guest says what it
/// sees.</summary>
public sealed class MachineLifeTests
{
    private const long MiB = 1 << 20;

    [Fact]
    public async Task An_instance_boots_keeps_its_data_while_off_and_leaves_only_strangers_behind()
    {
        await using var machines = await MachineCluster.StartAsync();
        var strangers = await StrangersAsync(machines);
        await machines.StartHostAsync("host-1");
        var console = await machines.RunAsync("vm-1", "host-1", "demo", "at 1 mark first");
        var followed = FollowAsync(machines, "vm-1");
        Sees(
            await console.DoneAsync(),
            "novacow: up after", "novacow: boot 1\n",
            "/dev/vda 200 MiB serial root\n",
            "/dev/vdb 64 MiB serial ephemeral0 type ext4 label ephemeral0\n",
            "/dev/vdc 16 MiB serial swap type swap label swap0\n",
            "ephemeral0 /dev/vdb mounted, 1 boots written\n", "swap /dev/vdc 16 MiB\n",
            "hostname vm-1 instance-id vm-1", "novacow: marked first\n");
        await machines.StopInstanceAsync("vm-1");
        await console.WaitForAsync("novacow: powering off");

        // A host that comes back starts nothing that was off.
        Assert.Equal(0, await machines.Cluster.Node("host-1").StopAsync());
        await machines.StartHostAsync("host-1");
        await machines.PowerAsync("vm-1", "stopped", "guest");

        await console.SkipAsync();
        await machines.StartInstanceAsync("vm-1");
        Sees(
            await console.DoneAsync(),
            "novacow: boot 2\n", "mounted, 2 boots written\n", "novacow: marks first");

        var taken = await machines.LaunchAsync("taken", "host-1");
        Assert.Equal("failed", taken.State);
        Assert.Contains("was left alone", taken.Reason, StringComparison.Ordinal);
        await machines.Client.DeleteInstanceAsync("taken", MachineCluster.Wait, default);
        await machines.DeleteAsync("vm-1", "host-1");
        await machines.Cluster.DisksAreAsTheSchedulerSaysAsync("host-1");
        Assert.Equal(strangers, await SeenAsync(machines));

        // Who followed its console missed nothing, though its host was away.
        var boots = (await followed.WaitAsync(MachineCluster.Wait)).Split("novacow: up after");
        Assert.Equal(3, boots.Length);
        Sees(boots[1], "novacow: boot 1\n", "novacow: powering off\n");
        Sees(boots[2], "novacow: boot 2\n");
    }

    [Fact]
    public async Task A_running_guest_gets_and_loses_a_disk_and_is_rebuilt_from_its_image()
    {
        await using var machines = await MachineCluster.StartAsync();
        await machines.StartHostAsync("host-1");
        var console = await machines.RunAsync("vm-1", "host-1", "demo", "mark once");
        await console.DoneAsync();

        var plugged = await machines.DoAsync((client, wait) => client.AttachDiskAsync(
            "vm-1", new AttachDiskRequest { SizeBytes = 32 * MiB }, wait, default));
        Assert.Equal(
            ["vda root", "vdb ephemeral0", "vdc swap", "vdd data0"],
            plugged.Disks.Select(d => $"{d.Device["/dev/".Length..]} {d.Name}"));
        await console.WaitForAsync("novacow: added /dev/vdd 32 MiB serial data0$");
        var unplugged = await machines.DoAsync((client, wait) => client.DetachDiskAsync(
            "vm-1", "data0", delete: true, wait, default));
        Assert.DoesNotContain("data0", unplugged.Disks.Select(d => d.Name));
        await console.WaitForAsync("novacow: removed /dev/vdd$");

        await console.SkipAsync();
        await machines.DoAsync((client, wait) => client.RebuildInstanceAsync(
            "vm-1", new RebuildRequest { Image = "demo" }, wait, default));
        await machines.PowerAsync("vm-1", "running", "started");
        var rebuilt = await console.DoneAsync();
        Sees(rebuilt, "novacow: boot 1\n", "mounted, 2 boots written\n", "novacow: marked once\n");
        Assert.DoesNotContain("novacow: marks", rebuilt, StringComparison.Ordinal);
        await machines.DeleteAsync("vm-1", "host-1");
    }

    [Theory]
    [InlineData("machine=no-such-machine", "No PCI buses available")]
    [InlineData("bridge=no-such-bridge", "no-such-bridge")]
    public async Task A_machine_that_cannot_start_fails_its_launch_in_libvirts_words_and_is_undone(
        string setting, string words)
    {
        await using var machines = await MachineCluster.StartAsync();
        await machines.StartHostAsync("host-1", $"novacow.host.hypervisor.{setting}");
        var failed = await machines.LaunchAsync("vm-1", "host-1");
        Assert.Equal(("failed", "Hypervisor"), (failed.State, failed.ErrorCode));
        Assert.Contains(words, failed.Reason, StringComparison.Ordinal);
        TestContext.Current.TestOutputHelper?.WriteLine(failed.Reason!);
        await Eventually.TrueAsync(
            "nothing of it is left",
            async () => !machines.Cluster.OnDisk("host-1").Any()
                && string.IsNullOrWhiteSpace(await machines.DomainsAsync("host-1")),
            machines.Cluster.Logs);
    }

    /// <summary>All that a guest writes until its instance is no more.</summary>
    private static async Task<string> FollowAsync(MachineCluster machines, string id)
    {
        using var bytes = new MemoryStream();
        await foreach (var part in machines.Client.FollowConsoleAsync(id, 0, default))
            bytes.Write(part.Span);
        return Encoding.UTF8.GetString(bytes.ToArray())
            .Replace("\r", "", StringComparison.Ordinal);
    }

    /// <summary>Two machines that nobody here made: one stands still, one is off and is named as an
    /// instance's would be.</summary>
    private static async Task<string> StrangersAsync(MachineCluster machines)
    {
        var daemon = await machines.DaemonAsync("host-1");
        foreach (var name in (string[])["stranger", "novacow-taken"])
        {
            var file = Path.Combine(machines.Cluster.Folder, $"{name}.xml");
            await File.WriteAllTextAsync(file, $"""
                <domain type='qemu'>
                  <name>{name}</name>
                  <memory unit='MiB'>16</memory>
                  <os><type arch='x86_64' machine='q35'>hvm</type></os>
                </domain>
                """);
            await daemon.VirshAsync("define", file);
        }

        await daemon.VirshAsync("start", "stranger", "--paused");
        return await SeenAsync(machines);
    }

    /// <summary>All machines on the host, and what they are.</summary>
    private static async Task<string> SeenAsync(MachineCluster machines)
    {
        var daemon = await machines.DaemonAsync("host-1");
        return await daemon.VirshAsync("list", "--all", "--name")
            + await daemon.VirshAsync("domstate", "stranger", "--reason")
            + await daemon.VirshAsync("dumpxml", "stranger")
            + await daemon.VirshAsync("domstate", "novacow-taken", "--reason")
            + await daemon.VirshAsync("dumpxml", "novacow-taken");
    }

    internal static void Sees(string console, params string[] parts) => Assert.All(
        parts, part => Assert.Contains(part, console, StringComparison.Ordinal));
}
