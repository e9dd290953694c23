using NovaCow.Cli;
using NovaCow.Client;

namespace NovaCow.Node.Tests.Api;

/// <summary>A node whose host has labels and ratios of its own, with a short queue.</summary>
public sealed class FleetFixture : NodeFixture
{
    protected override string Settings => """
        novacow.host.labels { zone = a, disk = nvme }
        novacow.host.overcommit.vcpus = 2
        novacow.control.max-waiting = 3
        """;
}

/// <summary>Duties of hosts, and launches that choose hosts and turns, by API and CLI.</summary>
public sealed class FleetApiTests(FleetFixture node) : IClassFixture<FleetFixture>
{
    [Fact]
    public async Task A_cordoned_host_lets_launches_wait_in_their_order_until_it_may_again()
    {
        var cordoned = await node.Client.CordonHostAsync("test", default);
        Assert.Equal(("up", "cordoned"), (cordoned.State, cordoned.Duty));
        await LaunchAsync(Request("order-low") with { Priority = -3 });
        var (exit, _, _) = await node.CliAsync(
            "launch", "disk", "-f", "m1.tiny", "-p", "order-high", "--priority", "3",
            "--project", "mine");
        Assert.Equal(ExitCode.Success, exit);

        var (low, high) = (await GetAsync("order-low"), await GetAsync("order-high"));
        Assert.Equal((2, -3, "default"), (low.QueuePlace, low.Priority, low.Project));
        Assert.Equal((1, 3, "mine"), (high.QueuePlace, high.Priority, high.Project));
        Assert.Equal("test: cordoned", high.Reason);
        Assert.Contains(
            "queue place", (await node.CliAsync("instance", "show", "order-high")).Output);

        Assert.Contains("active", (await node.CliAsync("host", "uncordon", "test")).Output);
        await UntilActiveAsync("order-low", "order-high");
        Assert.Null((await GetAsync("order-high")).QueuePlace);
        await DeleteAsync("order-low", "order-high");
    }

    [Fact]
    public async Task A_full_queue_is_a_503_that_says_when_and_a_launch_that_waits_asks_again()
    {
        await node.Client.CordonHostAsync("test", default);
        await LaunchAsync(Request("full-1"), Request("full-2"), Request("full-3"));
        // The guess grows with time, and may do so between the two.
        await NodeFixture.PollAsync(async () =>
        {
            using var response = await node.Http.PostAsync("v1/instances", new StringContent(
                """{"image":"disk","flavor":"m1.tiny","ids":["full-4"]}""",
                System.Text.Encoding.UTF8, "application/json"));
            Assert.Equal(503, (int)response.StatusCode);
            var after = response.Headers.RetryAfter!.Delta!.Value;
            Assert.InRange(after.TotalSeconds, 1, 60);
            var (exit, _, error) = await node.CliAsync(
                "launch", "disk", "-f", "m1.tiny", "-p", "full-4");
            Assert.Equal(ExitCode.TryAgain, exit);
            return error.Contains($"try again in {after.TotalSeconds} s", StringComparison.Ordinal);
        });

        var waits = node.CliAsync("launch", "disk", "-f", "m1.tiny", "-p", "full-4", "--wait");
        await node.Client.UncordonHostAsync("test", default);
        Assert.Equal(ExitCode.Success, (await waits).Exit);
        await UntilActiveAsync("full-1", "full-2", "full-3", "full-4");
        await DeleteAsync("full-1", "full-2", "full-3", "full-4");
    }

    [Fact]
    public async Task A_drain_waits_until_the_host_is_empty_and_says_what_is_left()
    {
        await node.LaunchAsync("left");
        var (late, _, error) = await node.CliAsync(
            "host", "drain", "test", "--wait", "--timeout", "0");
        Assert.Equal((ExitCode.TryAgain, ""), (late, error));
        var (soon, _, said) = await node.CliAsync(
            "host", "drain", "test", "--wait", "--timeout", "1");
        Assert.Equal(ExitCode.TryAgain, soon);
        Assert.Contains("left (active)", said);
        var waits = node.CliAsync("host", "drain", "test", "--wait");
        await DeleteAsync("left");
        var (exit, output, _) = await waits;
        Assert.Equal(ExitCode.Success, exit);
        Assert.Contains("draining, 0 instances left", output);
        await node.Client.UncordonHostAsync("test", default);
    }

    [Fact]
    public async Task What_cannot_be_done_with_a_host_is_refused_with_the_remedy()
    {
        var connected = await RefusedAsync(() => node.Client.RemoveHostAsync("test", true, default));
        Assert.Equal((409, "Conflict"), (connected.Status, connected.Code));
        var unknown = await RefusedAsync(() => node.Client.CordonHostAsync("nobody", default));
        Assert.Equal((404, "HostNotFound"), (unknown.Status, unknown.Code));
        var (exit, _, error) = await node.CliAsync("host", "remove", "test");
        Assert.Equal(ExitCode.Conflict, exit);
        Assert.Contains("stop its node", error);
    }

    [Fact]
    public async Task A_host_is_shown_with_its_duty_labels_and_ratios()
    {
        var host = await node.Client.GetHostAsync("test", default);
        Assert.Equal("a", host.Labels["zone"]);
        Assert.Equal((2.0, 1000.0), (host.VCpus.Overcommit, host.DiskBytes.Overcommit));
        Assert.Contains("disk=nvme,zone=a", (await node.CliAsync("host", "list")).Output);
        var (_, shown, _) = await node.CliAsync("host", "show", "test");
        Assert.Contains("of 2000 claimed, 2 for each of 1000", shown);
    }

    [Fact]
    public async Task Launches_choose_by_labels_and_keep_apart()
    {
        var (exit, _, _) = await node.CliAsync(
            "launch", "disk", "-f", "m1.tiny", "-p", "on", "--on", "zone=a,disk", "--wait");
        Assert.Equal(ExitCode.Success, exit);
        Assert.Equal("disk,zone=a", (await GetAsync("on")).On);
        await LaunchAsync(Request("elsewhere") with { On = "zone=b" });
        Assert.Equal(
            "test: needs zone=b, has labels disk=nvme,zone=a", (await GetAsync("elsewhere")).Reason);

        await LaunchAsync(Request("apart-1") with { Group = "g" });
        await LaunchAsync(Request("apart-2") with { Group = "g" });
        Assert.Equal(
            "test: holds 1 instance of group g already", (await GetAsync("apart-2")).Reason);
        await LaunchAsync(Request("soft") with { Group = "g", Soft = true });
        await UntilActiveAsync("apart-1", "soft");
        await DeleteAsync("on", "elsewhere", "apart-2", "apart-1", "soft");
    }

    [Theory]
    [InlineData("zone==a", null, 0, "selector")]
    [InlineData(null, "G", 0, "group")]
    [InlineData(null, null, 101, "priority 101")]
    public async Task What_cannot_be_asked_for_is_refused(
        string? on, string? group, int priority, string says)
    {
        var request = Request("wrong") with { On = on, Group = group, Priority = priority };
        var problem = await RefusedAsync(() => LaunchAsync(request));
        Assert.Equal(400, problem.Status);
        Assert.Contains(says, problem.Detail);
    }

    private static LaunchRequest Request(string id) =>
        new() { Image = "disk", Flavor = "m1.tiny", Ids = [id] };

    private static async Task<Problem> RefusedAsync(Func<Task> ask) =>
        (await Assert.ThrowsAsync<NovaCowException>(ask)).Problem;

    private async Task LaunchAsync(params LaunchRequest[] requests)
    {
        foreach (var request in requests)
            await node.Client.LaunchAsync(request, null, default);
    }

    private Task<InstanceResource> GetAsync(string id) =>
        node.Client.GetInstanceAsync(id, default);

    private Task UntilActiveAsync(params string[] ids) => NodeFixture.PollAsync(
        async () => (await Task.WhenAll(ids.Select(GetAsync))).All(i => i.State == "active"));

    private async Task DeleteAsync(params string[] ids)
    {
        foreach (var id in ids)
            await node.Client.DeleteInstanceAsync(id, TimeSpan.FromSeconds(60), default);
    }
}
