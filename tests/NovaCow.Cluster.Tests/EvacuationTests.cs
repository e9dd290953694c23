using System.Text.Json;
using NovaCow.Cli;
using NovaCow.Client;
using NovaCow.Cluster.Tests.Harness;

namespace NovaCow.Cluster.Tests;

/// <summary>Real hosts whose stores are folders of one: one is killed, and its instances are taken
/// over from what it left there.</summary>
public sealed class EvacuationTests : IAsyncLifetime
{
    private const int DiskBytes = 32 << 20;
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(150);
    private static readonly EvacuateHostRequest Off = new() { Fenced = true, Again = true };
    private readonly TestCluster _cluster = new();
    private ImageServer _images = null!;

    public async ValueTask InitializeAsync()
    {
        Tools.Need("qemu-img", "qemu-io", "mke2fs", "mkswap");
        _cluster.Settings.Add("novacow.host.shared-store.name=disks");
        _cluster.Settings.Add(
            $"novacow.host.shared-store.root={JsonSerializer.Serialize(_cluster.Folder)}");
        _images = await ImageServer.StartAsync(_cluster.Folder, DiskBytes);
        await _cluster.StartControlAsync();
        await _cluster.Client.RegisterImageAsync(
            new RegisterImageRequest { Name = "disk", Source = _images.Url.ToString() }, default);
    }

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        if (_images is not null)
            await _images.DisposeAsync();
    }

    [Fact]
    public async Task A_killed_hosts_disks_are_on_the_other_and_its_own_go_when_it_returns()
    {
        var (instance, expected) = await LaunchAndWriteAsync("m1.small");
        await _cluster.StartHostAsync("host-2");
        await RefusedAsync("it lives", "--fenced");
        await _cluster.Node("host-1").KillAsync();
        await _cluster.UntilHostIsAsync("host-1", "unreachable");
        await RefusedAsync("nobody says that it is off");

        var said = await _cluster.CliAsync(
            "host", "evacuate", "host-1", "--fenced", "--timeout", "120");
        Assert.Contains("no instance stays", said, StringComparison.Ordinal);
        var taken = await _cluster.Client.GetInstanceAsync("vm-1", default);
        Assert.Equal(("active", "host-2"), (taken.State, taken.Host));
        Assert.Equal("done", taken.Operation!.State);
        Assert.Equal(
            instance.Disks.Select(d => (d.Name, d.BackingFile, d.Driver)),
            taken.Disks.Select(d => (d.Name, d.BackingFile, d.Driver)));
        Assert.All(taken.Disks, d => Assert.StartsWith(
            _cluster.StoreOf("host-2"), d.Path, StringComparison.Ordinal));
        await ReadAsync(taken, expected);
        Assert.Single(Directory.GetFiles(Fences("host-1")));

        await _cluster.StartHostAsync("host-1");
        await _cluster.DisksAreAsTheSchedulerSaysAsync("host-1", "host-2");
        await Eventually.TrueAsync(
            "the fence is lifted",
            () => Task.FromResult(!Directory.Exists(Fences("host-1"))), _cluster.Logs);
        await ReadAsync(taken, expected);
    }

    [Fact]
    public async Task A_host_that_lives_though_it_is_silent_keeps_its_instances()
    {
        var (_, expected) = await LaunchAndWriteAsync("m1.tiny");
        await _cluster.StartHostAsync("host-2");
        await _cluster.Node("host-1").SignalAsync("STOP");
        await _cluster.UntilHostIsAsync("host-1", "unreachable");
        await StaysAsync("that host lives");

        await _cluster.Node("host-1").SignalAsync("CONT");
        await _cluster.UntilHostIsAsync("host-1", "up");
        await IsWholeAsync("host-1", expected);
    }

    [Fact]
    public async Task A_disk_that_is_still_in_use_stays_and_its_host_has_it_again_when_it_returns()
    {
        var (instance, expected) = await LaunchAndWriteAsync("m1.tiny");
        await _cluster.StartHostAsync("host-2");
        await _cluster.Node("host-1").KillAsync();
        await _cluster.UntilHostIsAsync("host-1", "unreachable");
        using (File.Open(
            instance.Disks[0].Path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            await StaysAsync("in use");
        }

        await _cluster.StartHostAsync("host-1");
        await IsWholeAsync("host-1", expected);
        await Eventually.TrueAsync(
            "the fence is lifted",
            () => Task.FromResult(!Directory.Exists(Fences("host-1"))), _cluster.Logs);
    }

    [Fact]
    public async Task A_target_killed_in_the_middle_leaves_the_dead_hosts_disks_to_be_read_again()
    {
        var (_, expected) = await LaunchAndWriteAsync("m1.tiny", megabytes: 24);

        // Slow enough to be killed in the middle.
        await _cluster.StartHostAsync("host-2", "novacow.host.change-rate=2MiB");
        await _cluster.Node("host-1").KillAsync();
        await _cluster.UntilHostIsAsync("host-1", "unreachable");
        await _cluster.Client.EvacuateHostAsync("host-1", Off, default);
        await UntilAsync("it is on its way", i => i.Operation is
        {
            State: "copying", DoneBytes: > 0,
        });
        await _cluster.Node("host-2").KillAsync();
        await _cluster.UntilHostIsAsync("host-2", "unreachable");
        await UntilAsync("it has failed", i => i.Operation!.State == "failed");

        await _cluster.StartHostAsync("host-2");
        await _cluster.CliAsync("host", "evacuate", "host-1", "--fenced", "--to", "host-2");
        await _cluster.StartHostAsync("host-1");
        await IsWholeAsync("host-2", expected);
    }

    private string Fences(string host) => Path.Combine(_cluster.StoreOf(host), "fenced");

    private Task UntilAsync(string what, Func<InstanceResource, bool> holds) =>
        Eventually.HoldsAsync(
            what, () => _cluster.Client.GetInstanceAsync("vm-1", default), holds, _cluster.Logs);

    private async Task RefusedAsync(string why, params string[] options)
    {
        var (exit, _, error) = await _cluster.TryCliAsync(
            ["host", "evacuate", "host-1", .. options]);
        Assert.NotEqual(ExitCode.Success, exit);
        Assert.Contains(why, error, StringComparison.Ordinal);
    }

    private async Task StaysAsync(string why)
    {
        var isFirst = true;
        var left = await Eventually.HoldsAsync(
            "nothing moves any more",
            () =>
            {
                var request = Off with { Again = isFirst };
                isFirst = false;
                return _cluster.Client.EvacuateHostAsync("host-1", request, default);
            },
            l => l.Moving + l.Waiting == 0,
            _cluster.Logs);
        Assert.Contains(why, Assert.Single(left.Staying).Reason, StringComparison.Ordinal);
        Assert.Empty(_cluster.OnDisk("host-2"));
    }

    private async Task IsWholeAsync(string host, IReadOnlyList<string> expected)
    {
        var instance = await _cluster.Client.GetInstanceAsync("vm-1", default);
        Assert.Equal(("active", host), (instance.State, instance.Host));
        await ReadAsync(instance, expected);
        await _cluster.DisksAreAsTheSchedulerSaysAsync("host-1", "host-2");
    }

    /// <summary>An instance on host-1 whose guest wrote to each of its disks.</summary>
    /// <returns>The instance, and what its disks read as, in files.</returns>
    private async Task<(InstanceResource Instance, IReadOnlyList<string> Expected)>
        LaunchAndWriteAsync(string flavor, int megabytes = 1)
    {
        await _cluster.StartHostAsync("host-1");
        var launched = (await _cluster.LaunchAsync("vm", 1, Wait, flavor: flavor))[0];
        Assert.Equal("active", launched.State);
        List<string> expected = [];
        foreach (var disk in launched.Disks)
        {
            await Tools.RunAsync(
                "qemu-io", "-f", disk.Format, "-c", $"write -P 5 70000 {megabytes}M", disk.Path);
            expected.Add(Path.Combine(_cluster.Folder, $"{disk.Name}.raw"));
            await Tools.RunAsync(
                "qemu-img", "convert", "-f", disk.Format, "-O", "raw", disk.Path, expected[^1]);
        }

        return (launched, expected);
    }

    private static async Task ReadAsync(InstanceResource instance, IReadOnlyList<string> expected)
    {
        foreach (var (disk, raw) in instance.Disks.Zip(expected))
        {
            await Tools.RunAsync(
                "qemu-img", "compare", "-f", disk.Format, "-F", "raw", disk.Path, raw);
        }
    }
}
