using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using NovaCow.Runtime.Remote;

namespace NovaCow.Runtime.Tests.Remote;

/// <summary>Seeds that are something else than a node: what the person who named them reads.
/// </summary>
public sealed class StrangeSeedTests
{
    [Theory]
    [InlineData("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "HTTP 404")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "HTTP 200")]
    [InlineData("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", "HTTP 500")]
    [InlineData(
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
        "HTTP 302")]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n", "does not speak HTTP")]
    [InlineData("\0\u0001\u0002garbage\u00ff\u00fe\r\n\r\n", "does not speak HTTP")]
    [InlineData("", "does not speak HTTP")]
    public async Task What_answers_something_else_is_named_with_what_it_answered(
        string answer, string told)
    {
        using var seed = new StrangeSeed(answer);
        await using var kit = new LinkedKit("left");
        var error = await Assert.ThrowsAsync<LinkException>(
            () => kit.Links.DialAsync(seed.Address, default));
        Assert.Contains(seed.Address.ToString(), error.Message);
        Assert.Contains(told, error.Message);
        Assert.Contains("control node", error.Message);
    }

    [Fact]
    public async Task What_is_dialled_by_https_and_speaks_no_TLS_is_told()
    {
        using var seed = new StrangeSeed("HTTP/1.1 400 Bad Request\r\n\r\n");
        await using var kit = new LinkedKit("left");
        var error = await Assert.ThrowsAsync<LinkException>(() => kit.Links.DialAsync(
            new UriBuilder(seed.Address) { Scheme = "https" }.Uri, default));
        Assert.Contains("no TLS with it", error.Message);
    }

    [Fact]
    public async Task What_never_answers_is_given_up()
    {
        using var seed = new StrangeSeed(answer: null);
        await using var kit = new LinkedKit("left", o => o with
        {
            HandshakeTimeout = TimeSpan.FromMilliseconds(200),
        });
        var error = await Assert.ThrowsAsync<LinkException>(
            () => kit.Links.DialAsync(seed.Address, default));
        Assert.Contains("no handshake within", error.Message);
    }

    /// <summary>Reads a request and answers these bytes; null: never anything.</summary>
    private sealed class StrangeSeed : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly ConcurrentBag<TcpClient> _open = [];

        public StrangeSeed(string? answer)
        {
            _listener.Start();
            Address = new Uri($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");
            _ = ServeAsync(answer is null ? null : Encoding.Latin1.GetBytes(answer));
        }

        public Uri Address { get; }

        public void Dispose()
        {
            _listener.Dispose();
            foreach (var client in _open)
                client.Dispose();
        }

        private async Task ServeAsync(byte[]? answer)
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync();
                _open.Add(client);
                _ = await client.GetStream().ReadAsync(new byte[4096]);
                if (answer is null)
                    continue;
                await client.GetStream().WriteAsync(answer);
                client.Client.Shutdown(SocketShutdown.Send);
            }
        }
    }
}
