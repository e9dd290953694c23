using System.Net;
using System.Net.Sockets;
using NovaCow.Runtime.Remote;

namespace NovaCow.Runtime.Tests.Cluster;

/// <summary>A node's listener, as the product's web server is one.</summary>
internal sealed class LinkListener : IDisposable
{
    private readonly HttpListener _listener = new();

    private LinkListener(int port) => Address = $"http://localhost:{port}";

    public string Address { get; }

    /// <summary>Listens on a free port; links are given to <see cref="Serve"/>'s.</summary>
    public static LinkListener Open()
    {
        while (true)
        {
            var listener = new LinkListener(FreePort());
            listener._listener.Prefixes.Add(listener.Address + LinkAddress.Path + "/");
            try
            {
                listener._listener.Start();
                return listener;
            }
            catch (HttpListenerException)
            {
                // Somebody took the port since; there are others.
            }
        }
    }

    public void Serve(Links links) => _ = Task.Run(async () =>
    {
        while (_listener.IsListening)
        {
            var context = await _listener.GetContextAsync();
            var socket = await context.AcceptWebSocketAsync(subProtocol: null);
            _ = links.AcceptAsync(socket.WebSocket, default);
        }
    });

    public void Dispose() => _listener.Close();

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
