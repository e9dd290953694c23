using NovaCow.Client;
using NovaCow.Cluster.Tests.Harness;

namespace NovaCow.Cluster.Tests;

/// <summary>Processes that come, die and return while launches run.</summary>
public sealed class FaultTests : IAsyncLifetime
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(150);
    private readonly TestCluster _cluster = new();
    private ImageServer _images = null!;

    public async ValueTask InitializeAsync()
    {
        _images = await ImageServer.StartAsync(_cluster.Folder, 8 << 20);
        _cluster.Settings.Add(TestCluster.ShortLease);

        // Launches weigh more than a fetch does, however slow this machine is.
        _cluster.Settings.Add("novacow.control.placement.crowding=10m");
        await _cluster.StartControlAsync();
        await _cluster.Client.RegisterImageAsync(
            new RegisterImageRequest { Name = "disk", Source = _images.Url.ToString() }, default);
    }

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        await _images.DisposeAsync();
    }

    [Fact]
    public async Task Two_hundred_launches_of_a_cold_image_download_and_convert_it_once()
    {
        await _cluster.StartHostAsync("host-1");
        var before = _images.Downloads;
        var launched = await _cluster.LaunchAsync("cold", 200, Wait);
        Assert.All(launched, i => Assert.Equal("active", i.State));
        Assert.Equal(before + 1, _images.Downloads);
        var host = await _cluster.Client.GetHostAsync("host-1", default);
        Assert.Equal((1, 1), (host.Downloads, host.Conversions));
        await _cluster.DisksAreAsTheSchedulerSaysAsync("host-1");
    }

    [Fact]
    public async Task Hosts_that_join_while_launches_run_take_their_share()
    {
        // Small enough for 40 launches to crowd one.
        _cluster.Settings.Add("novacow.host.vcpus=4");
        await _cluster.StartHostAsync("host-1");
        _images.Hold();
        var launching = _cluster.LaunchAsync("early", 40, Wait);
        await _cluster.StartHostAsync("host-2");
        await _cluster.StartHostAsync("host-3");
        _images.LetGo();
        Assert.All(await launching, i => Assert.Equal("active", i.State));
        var late = await _cluster.LaunchAsync("late", 40, Wait);
        Assert.All(late, i => Assert.Equal("active", i.State));
        Assert.Contains(late, i => i.Host == "host-2");
        Assert.Contains(late, i => i.Host == "host-3");
        await _cluster.DisksAreAsTheSchedulerSaysAsync("host-1", "host-2", "host-3");
    }

    [Fact]
    public async Task Launches_on_a_host_that_is_killed_before_commit_go_to_another()
    {
        await _cluster.StartHostAsync("host-1");
        _images.Hold();
        await _cluster.LaunchAsync("moved", 20, null);
        await Eventually.TrueAsync(
            "all are placed",
            async () => (await _cluster.InstancesAsync()).All(i => i.Host == "host-1"),
            _cluster.Logs);
        await _cluster.Node("host-1").KillAsync();
        await _cluster.StartHostAsync("host-2");
        _images.LetGo();
        var active = await _cluster.UntilAllAreAsync("active", 20);
        Assert.All(active, i => Assert.Equal("host-2", i.Host));
        await _cluster.StartHostAsync("host-1");
        await _cluster.DisksAreAsTheSchedulerSaysAsync("host-1", "host-2");
    }

    [Fact]
    public async Task Committed_instances_of_a_killed_host_stay_its_own_and_are_there_when_it_returns()
    {
        await _cluster.StartHostAsync("host-1");
        await _cluster.LaunchAsync("kept", 20, Wait);
        await _cluster.Node("host-1").KillAsync();
        await _cluster.StartHostAsync("host-2");
        await _cluster.UntilHostIsAsync("host-1", "unreachable");
        var meanwhile = await _cluster.InstancesAsync();
        Assert.All(meanwhile, i => Assert.Equal(("host-1", "active"), (i.Host, i.State)));
        await _cluster.StartHostAsync("host-1");
        await _cluster.DisksAreAsTheSchedulerSaysAsync("host-1", "host-2");
        var again = await _cluster.LaunchAsync("warm", 4, Wait);
        Assert.All(again, i => Assert.Equal("active", i.State));
    }

    [Fact]
    public async Task A_control_node_that_is_killed_forgets_no_launch_that_it_acknowledged()
    {
        await _cluster.StartHostAsync("host-1");
        _images.Hold();
        var acknowledged = await _cluster.LaunchAsync("kept", 50, null);
        await _cluster.Node("control").KillAsync();
        _images.LetGo();
        await _cluster.StartControlAsync();
        var active = await _cluster.UntilAllAreAsync("active", 50);
        Assert.Equal(
            acknowledged.Select(i => i.Id).Order(), active.Select(i => i.Id).Order());
        await _cluster.DisksAreAsTheSchedulerSaysAsync("host-1");
    }

    [Fact]
    public async Task Another_control_node_leads_when_the_leader_is_killed()
    {
        await _cluster.StartControlAsync("control-2");
        await _cluster.StartHostAsync("host-1");
        var first = await _cluster.LaunchAsync("first", 10, Wait);
        Assert.All(first, i => Assert.Equal("active", i.State));
        await _cluster.Node("control").KillAsync();
        using var other = new NovaCowClient(_cluster.Address("control-2"));
        var request = new LaunchRequest { Image = "disk", Flavor = "m1.tiny", Ids = ["second"] };
        await Eventually.TrueAsync(
            "the other control node launches",
            async () =>
            {
                try
                {
                    var answer = await other.LaunchAsync(request, Wait, default);
                    return answer.Instances[0].State == "active";
                }
                catch (NovaCowException e) when (e.Problem.Status == 503)
                {
                    return false;
                }
            },
            _cluster.Logs);
        var all = await other.ListInstancesAsync(null, 100, default);
        Assert.Equal(11, all.Items.Count);
    }

    [Fact]
    public async Task What_is_deleted_leaves_nothing_even_when_its_host_was_away()
    {
        await _cluster.StartHostAsync("host-1");
        await _cluster.LaunchAsync("gone", 10, Wait);
        await _cluster.Node("host-1").KillAsync();
        for (var i = 1; i <= 10; i++)
            await _cluster.Client.DeleteInstanceAsync($"gone-{i}", null, default);
        await _cluster.StartHostAsync("host-1");
        await Eventually.HoldsAsync(
            "no instance is known", _cluster.InstancesAsync, all => all.Count == 0, _cluster.Logs);
        await _cluster.DisksAreAsTheSchedulerSaysAsync("host-1");
    }

    [Fact]
    public async Task A_host_killed_again_and_again_while_it_clones_leaves_no_orphan()
    {
        await _cluster.StartHostAsync("host-1");
        await _cluster.LaunchAsync("seed", 1, Wait);
        var random = new Random(20261122);
        for (var round = 0; round < 5; round++)
        {
            await _cluster.LaunchAsync($"r{round}", 40, null);
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(40)));
            await _cluster.Node("host-1").KillAsync();
            await _cluster.StartHostAsync("host-1");
        }

        await _cluster.UntilAllAreAsync("active", 201);
        await _cluster.DisksAreAsTheSchedulerSaysAsync("host-1");
    }

    [Fact]
    public async Task Nodes_stop_in_order_when_they_are_asked_to()
    {
        await _cluster.StartHostAsync("host-1");
        await _cluster.LaunchAsync("one", 1, Wait);
        Assert.Equal(0, await _cluster.Node("host-1").StopAsync());
        Assert.Equal(0, await _cluster.Node("control").StopAsync());
    }
}
