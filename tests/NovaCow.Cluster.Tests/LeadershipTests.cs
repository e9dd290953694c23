using System.Net;
using System.Net.Http.Json;
using NovaCow.Client;
using NovaCow.Cluster.Tests.Harness;
using NovaCow.Testing.Postgres;

namespace NovaCow.Cluster.Tests;

/// <summary>Three control nodes of which one leads, until it dies, stands still, or is stopped; they
/// share a database where there is a PostgreSQL to run, else a file.</summary>
public sealed class LeadershipTests : IAsyncLifetime
{
    private static readonly string[] Controls = ["control", "control-2", "control-3"];
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(150);
    private PrivatePostgres? _postgres;
    private TestCluster _cluster = null!;
    private ImageServer _images = null!;

    public async ValueTask InitializeAsync()
    {
        if (PrivatePostgres.Unavailable is null)
            _postgres = await PrivatePostgres.StartAsync();
        _cluster = new TestCluster
        {
            Database = _postgres is null ? null : await _postgres.CreateDatabaseAsync("novacow"),
        };
        _cluster.Settings.Add(TestCluster.ShortLease);
        await using (await _cluster.OpenStoreAsync())
        {
            // Migrated.
        }

        _images = await ImageServer.StartAsync(_cluster.Folder, 4 << 20);
        await _cluster.StartControlsAsync(Controls);
        await _cluster.Client.RegisterImageAsync(
            new RegisterImageRequest { Name = "disk", Source = _images.Url.ToString() }, default);
        await _cluster.StartHostAsync("host-1");
    }

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        await _images.DisposeAsync();
        if (_postgres is not null)
            await _postgres.DisposeAsync();
    }

    [Fact]
    public async Task Every_other_control_node_serves_under_a_new_leader_when_the_leader_is_killed()
    {
        await LaunchAtAsync("control", "before");
        var leader = await _cluster.LeaderAsync();
        await _cluster.Node(leader).KillAsync();
        foreach (var node in Controls.Where(c => c != leader))
            await LaunchAtAsync(node, $"at-{node}");
        await AllAreActiveAsync(
            ["before", .. Controls.Where(c => c != leader).Select(c => $"at-{c}")]);
        await _cluster.StartControlAsync(leader);
        await LaunchAtAsync(leader, "after");
    }

    [Fact]
    public async Task A_leader_that_is_stopped_hands_over_and_ends_in_order()
    {
        var leader = await _cluster.LeaderAsync();
        Assert.Equal(0, await _cluster.Node(leader).StopAsync());
        var next = await _cluster.LeaderAsync(leader);
        await LaunchAtAsync(next, "after");
        await AllAreActiveAsync("after");
    }

    [Fact]
    public async Task A_leader_that_stood_still_too_long_finds_itself_fenced_and_follows_when_it_wakes()
    {
        var leader = await _cluster.LeaderAsync();
        await LaunchAtAsync(leader, "gone");
        _images.Hold();
        await _cluster.Node(leader).SignalAsync("STOP");
        var next = await _cluster.LeaderAsync(leader);

        // The old leader knows nothing of these.
        await LaunchAtAsync(next, "new");
        await DeleteAtAsync(next, "gone");
        _images.LetGo();
        await _cluster.Node(leader).SignalAsync("CONT");
        await Eventually.TrueAsync(
            "the old leader says that it stops",
            () => Task.FromResult(_cluster.Node(leader).Output.Contains(
                "the singleton stops here", StringComparison.Ordinal)),
            _cluster.Logs);
        Assert.Equal(next, await _cluster.LeaderAsync(leader));
        await LaunchAtAsync(leader, "at-the-old-one");
        await AllAreActiveAsync("at-the-old-one", "new");
    }

    [Fact]
    public async Task Requests_that_were_not_acknowledged_are_asked_again_and_make_no_instance_twice()
    {
        await _cluster.StartHostAsync("host-2");
        var leader = await _cluster.LeaderAsync();
        string[] ids = [.. Enumerable.Range(1, 30).Select(i => $"vm-{i}")];
        var launching = Task.WhenAll(ids.Select((id, i) => LaunchAtAsync(Controls[i % 3], id)));
        await _cluster.Node(leader).KillAsync();
        await _cluster.StartControlAsync(leader);
        await launching;
        await AllAreActiveAsync(ids);
        Assert.Empty(_cluster.OnDisk("host-1").Intersect(_cluster.OnDisk("host-2")));
    }

    [Fact]
    public async Task While_the_database_is_lost_writes_are_refused_with_the_reason_and_go_on_after()
    {
        Assert.SkipWhen(PrivatePostgres.Unavailable is not null, PrivatePostgres.Unavailable ?? "");
        await LaunchAtAsync("control", "before");
        await _postgres!.KillAsync();
        using var http = new HttpClient { BaseAddress = _cluster.Address("control-2") };
        var body = JsonContent.Create(
            new { image = "disk", flavor = "m1.tiny", ids = new[] { "refused" } });
        using var answer = await http.PostAsync("v1/instances", body);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.NotNull(answer.Headers.RetryAfter);
        Assert.Contains("127.0.0.1", await answer.Content.ReadAsStringAsync());
        using var ready = await http.GetAsync("readyz");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.Contains("postgresql://", await ready.Content.ReadAsStringAsync());

        await _postgres.RestartAsync();
        foreach (var node in Controls)
            await LaunchAtAsync(node, $"at-{node}");
        await LaunchAtAsync("control", "refused");
        await AllAreActiveAsync(["before", "refused", .. Controls.Select(c => $"at-{c}")]);
    }

    [Fact]
    public async Task A_control_node_that_starts_while_the_database_is_away_says_so_and_waits_for_it()
    {
        Assert.SkipWhen(PrivatePostgres.Unavailable is not null, PrivatePostgres.Unavailable ?? "");
        await _cluster.Node("control-3").StopAsync();
        await _postgres!.StopAsync();
        var node = _cluster.Start("control-3", "control", _cluster.Settings);
        using var http = new HttpClient { BaseAddress = _cluster.Address("control-3") };
        await Eventually.TrueAsync(
            "it says what it waits for",
            async () =>
            {
                try
                {
                    return (await (await http.GetAsync("readyz")).Content.ReadAsStringAsync())
                        .Contains("postgresql://", StringComparison.Ordinal);
                }
                catch (HttpRequestException) when (!node.HasExited)
                {
                    return false;
                }
            },
            _cluster.Logs);
        await _postgres.RestartAsync();
        await LaunchAtAsync("control-3", "after");
        await AllAreActiveAsync("after");
        Assert.False(node.HasExited);
    }

    // As a client does that was not told what became of its request.
    private Task LaunchAtAsync(string node, string id) => UntilToldAsync(
        node,
        $"{id} is launched at {node}",
        client => client.LaunchAsync(
            new LaunchRequest { Image = "disk", Flavor = "m1.tiny", Ids = [id] }, null, default));

    private Task DeleteAtAsync(string node, string id) => UntilToldAsync(
        node, $"{id} is deleted at {node}", client => client.DeleteInstanceAsync(id, Wait, default));

    private async Task UntilToldAsync(
        string node, string what, Func<NovaCowClient, Task> request)
    {
        using var client = new NovaCowClient(_cluster.Address(node));
        await Eventually.TrueAsync(
            what,
            async () =>
            {
                try
                {
                    await request(client);
                    return true;
                }
                catch (NovaCowException e) when (e.Problem.Status is 0 or 503)
                {
                    return false;
                }
            },
            _cluster.Logs);
    }

    private async Task AllAreActiveAsync(params string[] ids)
    {
        var leader = await _cluster.LeaderAsync();
        using var client = new NovaCowClient(_cluster.Address(leader));
        var all = await Eventually.HoldsAsync(
            "all are active",
            async () => (await client.ListInstancesAsync(null, 1000, default)).Items,
            items => items.All(i => i.State == "active"),
            _cluster.Logs);
        Assert.Equal(ids.Order(), all.Select(i => i.Id).Order());
        var onDisk = Directory.EnumerateDirectories(_cluster.Folder, "host-*")
            .SelectMany(host => _cluster.OnDisk(Path.GetFileName(host)));
        await Eventually.TrueAsync(
            "each is on one host, and nothing else is",
            () => Task.FromResult(onDisk.Order().SequenceEqual(ids.Order())),
            _cluster.Logs);
    }
}
