using System.Net;
using System.Net.Sockets;

namespace NovaCow.Images.Tests.Support;

public sealed class ScriptedServerTests
{
    /// <summary>Once a fixture failed here: the listener was stopped between two accepts.</summary>
    [Fact]
    public async Task A_server_ends_cleanly_while_clients_arrive()
    {
        for (var round = 0; round < 300; round++)
        {
            var server = new ScriptedServer(_ => new ScriptedReply());
            var arriving = ArriveAsync(IPEndPoint.Parse(server.Authority));
            await server.DisposeAsync();
            Assert.True(await arriving > 0, "no client arrived");
        }
    }

    /// <summary>Connects until refused, and returns how often it could.</summary>
    private static Task<int> ArriveAsync(IPEndPoint at)
    {
        var first = new Socket(SocketType.Stream, ProtocolType.Tcp);
        first.Connect(at);
        return Task.Run(() =>
        {
            using (first)
            {
                for (var arrived = 1; ; arrived++)
                {
                    using var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
                    try
                    {
                        client.Connect(at);
                    }
                    catch (SocketException)
                    {
                        return arrived;
                    }
                }
            }
        });
    }
}
