using NovaCow.Cli;
using NovaCow.Client;
using NovaCow.Cluster.Tests.Harness;

namespace NovaCow.Cluster.Tests;

/// <summary>Operators and a fleet of processes: duties, labels, groups, ends of hosts, and the
/// queue.</summary>
public sealed class FleetTests : IAsyncLifetime
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(150);
    private readonly TestCluster _cluster = new();
    private ImageServer _images = null!;

    private NovaCowClient Client => _cluster.Client;

    public async ValueTask InitializeAsync()
    {
        _images = await ImageServer.StartAsync(_cluster.Folder, 8 << 20);

        // Nobody in these tests is to be waited for.
        _cluster.Settings.Add("novacow.control.host-grace=10m");
        await _cluster.StartControlAsync();
        await Client.RegisterImageAsync(
            new RegisterImageRequest { Name = "disk", Source = _images.Url.ToString() }, default);
    }

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        await _images.DisposeAsync();
    }

    [Fact]
    public async Task A_drained_host_gives_up_what_it_has_not_made_and_is_removed_when_it_is_empty()
    {
        await _cluster.StartHostAsync("host-1");
        var kept = await _cluster.LaunchAsync("kept", 2, Wait, image: await OtherImageAsync());
        Assert.All(kept, i => Assert.Equal("active", i.State));
        _images.Hold();
        await _cluster.LaunchAsync("moved", 5, null);
        await _cluster.StartHostAsync("host-2");

        await CliAsync("host", "drain", "host-1");
        var moved = await WithPrefixAsync("moved");
        Assert.All(moved, i => Assert.Equal(("host-2", 2), (i.Host, i.Attempt)));
        _images.LetGo();
        await _cluster.UntilAllAreAsync("active", 7);
        await _cluster.DisksAreAsTheSchedulerSaysAsync("host-1", "host-2");

        var drained = CliAsync("host", "drain", "host-1", "--wait");
        await CliAsync("instance", "delete", "kept-1", "kept-2");
        Assert.Contains("0 instances left", await drained);
        Assert.Equal(0, await _cluster.Node("host-1").StopAsync());
        await _cluster.UntilHostIsAsync("host-1", "unreachable");
        await CliAsync("host", "remove", "host-1");
        Assert.DoesNotContain("host-1", await CliAsync("host", "list"));

        // It joins again as a new one, and takes launches.
        await _cluster.StartHostAsync("host-1");
        Assert.Equal("active", (await Client.GetHostAsync("host-1", default)).Duty);
    }

    [Fact]
    public async Task A_host_that_stops_in_order_is_not_waited_for()
    {
        await _cluster.StartHostAsync("host-1");
        _images.Hold();
        await _cluster.LaunchAsync("moved", 3, null);
        await _cluster.StartHostAsync("host-2");
        Assert.Equal(0, await _cluster.Node("host-1").StopAsync());

        // Long before its grace is over. A busy scheduler may hear its farewell after its end.
        await _cluster.UntilHostIsAsync("host-1", "unreachable");
        await Eventually.HoldsAsync(
            "all have moved", () => WithPrefixAsync("moved"),
            moved => moved.All(i => i.Host == "host-2"), _cluster.Logs);
        _images.LetGo();
        await _cluster.UntilAllAreAsync("active", 3);
        await _cluster.DisksAreAsTheSchedulerSaysAsync("host-2");
    }

    [Fact]
    public async Task A_burnt_host_is_removed_by_force_and_nothing_waits_for_it()
    {
        await _cluster.StartHostAsync("host-1");
        await _cluster.LaunchAsync("lost", 3, Wait);
        await _cluster.Node("host-1").KillAsync();
        await _cluster.UntilHostIsAsync("host-1", "disconnected");
        await Client.DeleteInstanceAsync("lost-3", null, default);
        var (exit, _, error) = await TryCliAsync("host", "remove", "host-1");
        Assert.Equal(ExitCode.Conflict, exit);
        Assert.Contains("3 instances, such as lost-1", error);

        await CliAsync("host", "remove", "host-1", "--force");
        var left = await _cluster.InstancesAsync();
        Assert.Equal(["lost-1 failed", "lost-2 failed"], left.Select(i => $"{i.Id} {i.State}"));
        Assert.All(left, i => Assert.Contains("removed by force", i.Reason));
        await CliAsync("instance", "delete", "lost-1");
        Assert.Single(await _cluster.InstancesAsync());

        // It was only singed: it brings back what nobody deleted, and nothing else.
        await _cluster.StartHostAsync("host-1");
        await _cluster.UntilAllAreAsync("active", 1);
        await _cluster.DisksAreAsTheSchedulerSaysAsync("host-1");
    }

    [Fact]
    public async Task Launches_find_hosts_by_label_keep_apart_and_take_their_turns()
    {
        foreach (var (name, zone) in new[] { ("host-1", "a"), ("host-2", "b"), ("host-3", "b") })
        {
            _cluster.Start(name, "host",
            [
                .. _cluster.Settings,
                $"novacow.host.labels.zone={zone}",
                "novacow.host.overcommit.vcpus=0.125",
            ]);
            await _cluster.UntilHostIsAsync(name, "up");
        }

        await CliAsync(
            "launch", "disk", "-f", "m1.tiny", "-n", "3", "-p", "web", "--group", "web", "--wait");
        var web = await WithPrefixAsync("web");
        Assert.Equal(["host-1", "host-2", "host-3"], web.Select(i => i.Host).Order());
        await CliAsync(
            "launch", "disk", "-f", "m1.tiny", "-n", "7", "-p", "in-a", "--on", "zone=a", "--wait");
        Assert.All(await WithPrefixAsync("in-a"), i => Assert.Equal("host-1", i.Host));
        await CliAsync("launch", "disk", "-f", "m1.tiny", "-p", "web-4", "--group", "web");
        Assert.Contains(
            "holds 1 instance of group web already",
            (await Client.GetInstanceAsync("web-4", default)).Reason);

        // host-1 has room for eight: what waits for it goes there one by one, in its order.
        string[] order = ["high", "mine-1", "theirs-1", "mine-2", "low"];
        await WaitForAAsync("low", "mine", -1);
        await WaitForAAsync("mine-1", "mine", 0);
        await WaitForAAsync("mine-2", "mine", 0);
        await WaitForAAsync("theirs-1", "theirs", 0);
        await WaitForAAsync("high", "theirs", 50);
        var waiting = (await _cluster.InstancesAsync()).Where(i => order.Contains(i.Id));
        Assert.Equal(order, waiting.OrderBy(i => i.QueuePlace).Select(i => i.Id));
        for (var i = 0; i < order.Length; i++)
        {
            await CliAsync("instance", "delete", $"in-a-{i + 1}");
            var placed = order[..(i + 1)];
            await Eventually.TrueAsync(
                $"{order[i]} is active",
                async () => (await Client.GetInstanceAsync(order[i], default)).State == "active",
                _cluster.Logs);
            Assert.Equal(placed.Order(), (await _cluster.InstancesAsync())
                .Where(vm => order.Contains(vm.Id) && vm.Host is not null).Select(vm => vm.Id));
        }

        await CliAsync("instance", "delete", "web-4");
        await _cluster.DisksAreAsTheSchedulerSaysAsync("host-1", "host-2", "host-3");
    }

    private Task WaitForAAsync(string id, string project, int priority) => CliAsync(
        "launch", "disk", "-f", "m1.tiny", "-p", id, "--on", "zone=a", "--project", project,
        "--priority", $"{priority}");

    private async Task<string> OtherImageAsync()
    {
        var path = Path.Combine(_cluster.Folder, "other.raw");
        await File.WriteAllBytesAsync(path, new byte[1 << 20]);
        await CliAsync("image", "import", "other", path);
        return "other";
    }

    private async Task<IReadOnlyList<InstanceResource>> WithPrefixAsync(string prefix) =>
        [.. (await _cluster.InstancesAsync())
            .Where(i => i.Id.StartsWith(prefix, StringComparison.Ordinal))];

    private Task<string> CliAsync(params string[] args) => _cluster.CliAsync(args);

    private Task<(int Exit, string Output, string Error)> TryCliAsync(params string[] args) =>
        _cluster.TryCliAsync(args);
}
