using System.Net;
using System.Net.Sockets;

namespace NovaCow.Nemesis.Network;

/// <summary>Stands in front of one server: carries the bytes of each connection to it and back, as
/// far as the path between the two is not cut. What waits at a cut is delivered when it heals, as
/// TCP would.</summary>
internal sealed class Forwarder : IAsyncDisposable
{
    private const int BufferBytes = 64 << 10;
    private readonly Socket _listener;
    private readonly IPEndPoint _server;
    private readonly string _name;
    private readonly CutTable _cuts;
    private readonly Func<IPEndPoint, int, string?> _whoIs;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;

    /// <param name="name">The server, as cuts name it.</param>
    /// <param name="server">Where it is.</param>
    /// <param name="cuts">Which paths are cut.</param>
    /// <param name="whoIs">Names who connects from there to that port; who has no name is not let
    /// in.</param>
    /// <param name="here">The address to listen on; null: loopback.</param>
    public Forwarder(
        string name,
        IPEndPoint server,
        CutTable cuts,
        Func<IPEndPoint, int, string?> whoIs,
        IPAddress? here = null)
    {
        (_name, _server, _cuts, _whoIs) = (name, server, cuts, whoIs);
        _listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _listener.Bind(new IPEndPoint(here ?? IPAddress.Loopback, 0));
        _listener.Listen(256);
        Address = (IPEndPoint)_listener.LocalEndPoint!;
        _accepting = AcceptAsync();
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint Address { get; }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = CarryAsync(await _listener.AcceptAsync(_stop.Token));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException
            or ObjectDisposedException)
        {
            // The listener was closed.
        }
    }

    private async Task CarryAsync(Socket client)
    {
        using var server = new Socket(
            AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        using (client)
        using (var end = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token))
        {
            try
            {
                if (_whoIs((IPEndPoint)client.RemoteEndPoint!, Address.Port) is { } who)
                    await CarryAsync(who, client, server, end);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException
                or ObjectDisposedException)
            {
                // One of the two has gone, or was cut off.
            }

            Reset(client);
            Reset(server);
        }
    }

    private async Task CarryAsync(
        string who, Socket client, Socket server, CancellationTokenSource end)
    {
        client.NoDelay = server.NoDelay = true;
        var refused = EndWhenRefusedAsync(who, end);
        try
        {
            await _cuts.UntilOpenAsync(who, _name, end.Token);
            await _cuts.UntilOpenAsync(_name, who, end.Token);
            await server.ConnectAsync(_server, end.Token);
            var there = PumpAsync((client, who), (server, _name), end);
            var back = PumpAsync((server, _name), (client, who), end);
            await Task.WhenAll(there, back);
        }
        finally
        {
            await end.CancelAsync();
            await refused;
        }
    }

    private async Task EndWhenRefusedAsync(string who, CancellationTokenSource end)
    {
        try
        {
            while (true)
            {
                var changed = _cuts.Changed;
                if (_cuts.IsRefused(who, _name))
                    await end.CancelAsync();
                await changed.WaitAsync(end.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The connection has ended.
        }
    }

    private async Task PumpAsync(
        (Socket Socket, string Name) from, (Socket Socket, string Name) to,
        CancellationTokenSource end)
    {
        try
        {
            var buffer = new byte[BufferBytes];
            int count;
            do
            {
                count = await from.Socket.ReceiveAsync(buffer, end.Token);
                await _cuts.UntilOpenAsync(from.Name, to.Name, end.Token);
                for (var sent = 0; sent < count;)
                    sent += await to.Socket.SendAsync(buffer.AsMemory(sent, count - sent), end.Token);
            }
            while (count > 0);
            to.Socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            await _cuts.UntilOpenAsync(from.Name, to.Name, end.Token);
            await end.CancelAsync();
        }
    }

    private static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(enable: true, seconds: 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It was never connected, or is closed.
        }
    }
}
