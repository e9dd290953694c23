using NovaCow.Client;
using NovaCow.Cluster.Tests.Harness;

namespace NovaCow.Cluster.Tests;

/// <summary>Instances that move between real hosts, which are killed in the middle: what a guest
/// reads is the same, and it is on one host.</summary>
public sealed class MoveTests : IAsyncLifetime
{
    private const int DiskBytes = 64 << 20;

    /// <summary>Slow enough for a host to be killed in the middle: what is written takes some
    /// quarter of a minute.</summary>
    private const string Slowly = "novacow.host.change-rate=2MiB";

    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(150);
    private readonly TestCluster _cluster = new();
    private ImageServer _images = null!;

    public async ValueTask InitializeAsync()
    {
        Tools.Need("qemu-img", "qemu-io");
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
    public async Task A_moved_instance_has_its_data_over_the_other_hosts_base_and_left_nothing()
    {
        await _cluster.StartHostAsync("host-1");
        var expected = await LaunchAndWriteAsync(megabytes: 3);
        await _cluster.StartHostAsync("host-2");

        var moved = await _cluster.Client.MoveInstanceAsync(
            "vm-1", new MoveInstanceRequest(), Wait, default);
        Assert.True(moved.Operation is { Kind: "move", State: "done" }, moved.Operation!.Error);
        Assert.Equal(("active", "host-2"), (moved.State, moved.Host));
        Assert.NotNull(moved.Disks[0].BackingFile);
        Assert.StartsWith(
            _cluster.StoreOf("host-2"), moved.Disks[0].Path, StringComparison.Ordinal);

        // The image is as large as its base; only what was written came.
        Assert.True(moved.Disks[0].AllocatedBytes < DiskBytes / 4);
        await ReadsAsync(moved.Disks[0].Path, expected);
        await _cluster.DisksAreAsTheSchedulerSaysAsync("host-1", "host-2");

        var back = await _cluster.Client.MoveInstanceAsync(
            "vm-1", new MoveInstanceRequest { To = "host-1" }, Wait, default);
        Assert.True(back.Operation is { State: "done" }, back.Operation!.Error);
        await ReadsAsync(back.Disks[0].Path, expected);
        await _cluster.DisksAreAsTheSchedulerSaysAsync("host-1", "host-2");
    }

    [Theory]
    [InlineData(null)]
    [InlineData("copy")]
    public async Task Local_storage_and_swap_move_too_by_whichever_driver(string? driver)
    {
        Tools.Need("mke2fs", "mkswap");
        await _cluster.StartHostAsync("host-1");
        var request = new LaunchRequest
        {
            Image = "disk",
            Flavor = "m1.small",
            Ids = ["vm-1"],
            Driver = driver,
        };
        var launched = (await _cluster.Client.LaunchAsync(request, Wait, default)).Instances[0];
        Assert.Equal("active", launched.State);
        // A copy may have its local storage in the root disk, as a partition.
        Assert.Contains(launched.Disks, d => d.Name == "ephemeral0" || d.Layout == "ec2");
        Assert.Contains(launched.Disks, d => d.Name == "swap");
        List<string> expected = [];
        foreach (var disk in launched.Disks)
        {
            await Tools.RunAsync(
                "qemu-io", "-f", disk.Format, "-c", "write -P 5 70000 300k", disk.Path);
            expected.Add(Path.Combine(_cluster.Folder, $"{disk.Name}.raw"));
            await Tools.RunAsync(
                "qemu-img", "convert", "-f", disk.Format, "-O", "raw", disk.Path, expected[^1]);
        }

        await _cluster.StartHostAsync("host-2");
        var moved = await _cluster.Client.MoveInstanceAsync(
            "vm-1", new MoveInstanceRequest { To = "host-2" }, Wait, default);
        Assert.True(moved.Operation is { State: "done" }, moved.Operation!.Error);
        Assert.Equal(
            launched.Disks.Select(d => (d.Name, d.BackingFile, d.Driver, d.Layout)),
            moved.Disks.Select(d => (d.Name, d.BackingFile, d.Driver, d.Layout)));
        foreach (var (disk, raw) in moved.Disks.Zip(expected))
        {
            await Tools.RunAsync(
                "qemu-img", "compare", "-f", disk.Format, "-F", "raw", disk.Path, raw);
        }

        await _cluster.DisksAreAsTheSchedulerSaysAsync("host-1", "host-2");
    }

    [Fact]
    public async Task A_disk_that_somebody_has_open_stays_and_the_move_says_so()
    {
        await _cluster.StartHostAsync("host-1");
        await LaunchAndWriteAsync(megabytes: 1);
        await _cluster.StartHostAsync("host-2");
        var disk = (await _cluster.Client.GetInstanceAsync("vm-1", default)).Disks[0].Path;
        using (File.Open(disk, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            var stayed = await _cluster.Client.MoveInstanceAsync(
                "vm-1", new MoveInstanceRequest(), Wait, default);
            Assert.Equal(("host-1", "failed"), (stayed.Host, stayed.Operation!.State));
            Assert.Contains("in use", stayed.Operation.Error, StringComparison.Ordinal);
        }

        await _cluster.DisksAreAsTheSchedulerSaysAsync("host-1", "host-2");
    }

    [Fact]
    public async Task A_cancelled_move_leaves_the_instance_where_it_was()
    {
        await _cluster.StartHostAsync("host-1", Slowly);
        var expected = await LaunchAndWriteAsync(megabytes: 24);
        await _cluster.StartHostAsync("host-2", Slowly);
        await MoveUntilItIsOnItsWayAsync();

        var cancelled = await _cluster.Client.CancelOperationAsync("vm-1", Wait, default);
        Assert.Equal("cancelled", cancelled.Operation!.State);
        await IsWholeAsync(expected, "host-1");
    }

    [Theory]
    [InlineData("host-1")]
    [InlineData("host-2")]
    public async Task A_host_killed_in_the_middle_of_a_move_leaves_the_instance_whole_on_one(
        string killed)
    {
        await _cluster.StartHostAsync("host-1", Slowly);
        var expected = await LaunchAndWriteAsync(megabytes: 24);
        await _cluster.StartHostAsync("host-2", Slowly);
        await MoveUntilItIsOnItsWayAsync();
        await _cluster.Node(killed).KillAsync();
        await _cluster.UntilHostIsAsync(killed, "unreachable");
        await UntilEndedAsync("failed");
        await _cluster.StartHostAsync(killed);
        await IsWholeAsync(expected, "host-1");

        var slow = killed == "host-1" ? "host-2" : "host-1";
        Assert.Equal(0, await _cluster.Node(slow).StopAsync());
        await _cluster.StartHostAsync(slow);
        var moved = await _cluster.Client.MoveInstanceAsync(
            "vm-1", new MoveInstanceRequest(), Wait, default);
        Assert.True(moved.Operation is { State: "done" }, moved.Operation!.Error);
        await IsWholeAsync(expected, "host-2");
    }

    [Fact]
    public async Task A_host_is_emptied_onto_another_but_for_what_somebody_has_open()
    {
        await _cluster.StartHostAsync("host-1");
        var launched = await _cluster.LaunchAsync("vm", 6, Wait);
        await _cluster.StartHostAsync("host-2");
        using var open = File.Open(
            launched[2].Disks[0].Path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);

        var left = await Eventually.HoldsAsync(
            "nothing moves any more",
            () => _cluster.Client.EmptyHostAsync("host-1", default),
            l => l.Moving + l.Waiting == 0,
            _cluster.Logs);
        var staying = Assert.Single(left.Staying);
        Assert.Equal("vm-3", staying.Id);
        Assert.Contains("in use", staying.Reason, StringComparison.Ordinal);
        Assert.Equal(
            ["vm-3"], (await InstancesOnAsync("host-1")).Select(i => i.Id));
        await _cluster.DisksAreAsTheSchedulerSaysAsync("host-1", "host-2");
    }

    private async Task<IEnumerable<InstanceResource>> InstancesOnAsync(string host) =>
        (await _cluster.InstancesAsync()).Where(i => i.Host == host);

    private async Task MoveUntilItIsOnItsWayAsync()
    {
        await _cluster.Client.MoveInstanceAsync("vm-1", new MoveInstanceRequest(), null, default);
        await Eventually.HoldsAsync(
            "the disk is on its way",
            () => _cluster.Client.GetInstanceAsync("vm-1", default),
            i => i.Operation is { State: "copying", DoneBytes: > 0 },
            _cluster.Logs);
    }

    private Task UntilEndedAsync(string state) => Eventually.HoldsAsync(
        $"the move is {state}",
        () => _cluster.Client.GetInstanceAsync("vm-1", default),
        i => i.Operation?.State == state,
        _cluster.Logs);

    private async Task IsWholeAsync(string expected, string host)
    {
        var instance = await _cluster.Client.GetInstanceAsync("vm-1", default);
        Assert.Equal(("active", host), (instance.State, instance.Host));
        await ReadsAsync(instance.Disks[0].Path, expected);
        await _cluster.DisksAreAsTheSchedulerSaysAsync("host-1", "host-2");
    }

    /// <summary>What the disk reads as, in a file.</summary>
    private async Task<string> LaunchAndWriteAsync(int megabytes)
    {
        var launched = await _cluster.LaunchAsync("vm", 1, Wait);
        var disk = Assert.Single(launched).Disks[0].Path;
        await Tools.RunAsync(
            "qemu-io", "-f", "qcow2", "-c", $"write -P 7 1M {megabytes}M", "-c",
            "write -z 40M 64k", disk);
        var expected = Path.Combine(_cluster.Folder, "expected.raw");
        await Tools.RunAsync("qemu-img", "convert", "-f", "qcow2", "-O", "raw", disk, expected);
        return expected;
    }

    private static async Task ReadsAsync(string disk, string expected)
    {
        await Tools.RunAsync("qemu-img", "check", "-f", "qcow2", disk);
        await Tools.RunAsync("qemu-img", "compare", "-f", "qcow2", "-F", "raw", disk, expected);
    }
}
