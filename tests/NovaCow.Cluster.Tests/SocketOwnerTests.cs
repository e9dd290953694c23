using System.Net;
using System.Net.Sockets;
using NovaCow.Nemesis.Network;

namespace NovaCow.Cluster.Tests;

/// <summary>The nemesis knows whose a connection is.</summary>
public sealed class SocketOwnerTests
{
    [Fact]
    public async Task A_connection_is_told_from_another_that_has_the_same_port_for_its_end()
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        using var other = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        other.Start();
        using var client = new TcpClient(new IPEndPoint(IPAddress.Loopback, 0));
        await client.ConnectAsync((IPEndPoint)server.LocalEndpoint);
        using var accepted = await server.AcceptTcpClientAsync();

        var port = ((IPEndPoint)client.Client.LocalEndPoint!).Port;
        int[] processes = [Environment.ProcessId];
        Assert.Equal(processes[0], SocketOwners.Find(port, PortOf(server), processes));
        Assert.Null(SocketOwners.Find(port, PortOf(other), processes));
    }

    private static int PortOf(TcpListener listener) =>
        ((IPEndPoint)listener.LocalEndpoint).Port;
}
