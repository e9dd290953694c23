using System.Net;
using System.Net.Sockets;
using NovaCow.Cluster.Tests.Harness;

namespace NovaCow.Cluster.Tests;

/// <summary>Nodes that cannot start say why, and what to do.</summary>
public sealed class StartTests : IAsyncDisposable
{
    private readonly TestCluster _cluster = new();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task A_taken_port_is_told_with_its_address()
    {
        await _cluster.StartControlAsync();
        using var holder = new TcpListener(IPAddress.Loopback, 0);
        holder.Start();
        var port = ((IPEndPoint)holder.LocalEndpoint).Port;
        var node = _cluster.Start(
            "second", "control", [$"novacow.api.listen=\"http://127.0.0.1:{port}\""]);
        Assert.Equal(1, await node.ExitAsync());
        Assert.Contains($"127.0.0.1:{port}", node.Output);
        Assert.Contains("taken", node.Output);
        Assert.DoesNotContain("   at ", node.Output);
    }

    [Fact]
    public async Task A_store_that_another_process_holds_is_told_with_its_path()
    {
        await _cluster.StartControlAsync();
        await _cluster.StartHostAsync("host-1");
        var node = _cluster.Start(
            "intruder", "host", [$"novacow.host.store=\"{_cluster.StoreOf("host-1")}\""]);
        Assert.Equal(1, await node.ExitAsync());
        Assert.Contains(_cluster.StoreOf("host-1"), node.Output);
        Assert.DoesNotContain("   at ", node.Output);
    }

    [Fact]
    public async Task A_host_whose_name_another_process_has_is_not_ready_and_says_why()
    {
        await _cluster.StartControlAsync();
        await _cluster.StartHostAsync("host-1");
        _cluster.Start("twin", "host", [.. _cluster.Settings, "novacow.name=host-1"]);
        using var http = new HttpClient { BaseAddress = _cluster.Address("twin") };
        await Eventually.TrueAsync(
            "the twin says who has its name",
            async () =>
            {
                try
                {
                    using var answer = await http.GetAsync("readyz");
                    Assert.NotEqual(HttpStatusCode.OK, answer.StatusCode);
                    return (await answer.Content.ReadAsStringAsync())
                        .Contains("another process is connected as host host-1", StringComparison.Ordinal);
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            },
            _cluster.Logs);
    }

    [Fact]
    public async Task A_wrong_setting_ends_with_8_and_names_the_key()
    {
        _cluster.Address("control");
        var node = _cluster.Start("third", "host", ["novacow.host.max-build=3"]);
        Assert.Equal(8, await node.ExitAsync());
        Assert.Contains("novacow.host.max-build", node.Output);
        Assert.Contains("max-builds", node.Output);
    }

    [Fact]
    public async Task An_unknown_driver_is_told_with_the_known_ones()
    {
        _cluster.Address("control");
        var node = _cluster.Start("third", "host", ["novacow.host.driver=zfs"]);
        Assert.Equal(8, await node.ExitAsync());
        Assert.Contains("zfs", node.Output);
        Assert.Contains("qcow2", node.Output);
    }
}
