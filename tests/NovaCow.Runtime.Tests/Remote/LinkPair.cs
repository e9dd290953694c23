using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Remote;
using NovaCow.Runtime.Serialization;
using NovaCow.Runtime.TestKit;

namespace NovaCow.Runtime.Tests.Remote;

internal sealed record Ping(int Number, string Text = "");

internal sealed record Pong(int Number);

internal sealed record Unregistered(int Number);

/// <summary>An actor system with links, of a test.</summary>
internal sealed class LinkedKit : Runtime.TestKit.TestKit
{
    public LinkedKit(
        string name,
        Func<LinkOptions, LinkOptions>? configure = null,
        VirtualTimeProvider? time = null)
        : base(new ActorSystemOptions { TimeProvider = time ?? TimeProvider.System })
    {
        var options = OptionsFor(name);
        Serializer = new MessageSerializer().Register<Ping>("ping").Register<Pong>("pong");
        Links = Links.Start(Sys, configure?.Invoke(options) ?? options, Serializer);
    }

    public MessageSerializer Serializer { get; }

    public Links Links { get; }

    /// <summary>Patient ones: a peer that is kept from its processor for some seconds is not gone,
    /// and a <see cref="RawPeer"/> never says that it is alive.</summary>
    public static LinkOptions OptionsFor(string name) => new()
    {
        HandshakeTimeout = TimeSpan.FromMinutes(2),
        HeartbeatTimeout = TimeSpan.FromMinutes(2),
        CloseTimeout = TimeSpan.FromSeconds(20),
        Self = new() { Name = name, Incarnation = name + "-1", Roles = ["control"] },
    };

    /// <summary>Starts an actor that peers may address.</summary>
    public IActorRef Export(string name, Action<object, IActorContext> receive)
    {
        var actor = ActorOf(() => new Acting(receive), name);
        Links.Export("/user/" + name);
        return actor;
    }

    public sealed class Acting : UntypedActor
    {
        private readonly Action<object, IActorContext> _receive;

        public Acting(Action<object, IActorContext> receive) => _receive = receive;

        protected override void OnReceive(object message) => _receive(message, Context);
    }
}

/// <summary>The two ends of a connection over loopback.</summary>
internal sealed class SocketPair : IDisposable
{
    private readonly Socket _dialler;
    private readonly Socket _listener;

    private SocketPair(Socket dialler, Socket listener)
    {
        (_dialler, _listener) = (dialler, listener);
        Dialler = Wrap(dialler, isServer: false);
        Listener = Wrap(listener, isServer: true);
    }

    public WebSocket Dialler { get; }

    public WebSocket Listener { get; }

    public static async Task<SocketPair> OpenAsync()
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        var client = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        // Small, so that a peer that does not read is felt soon.
        client.ReceiveBufferSize = 16 * 1024;
        await client.ConnectAsync(server.LocalEndpoint);
        var accepted = await server.AcceptSocketAsync();
        accepted.NoDelay = true;
        accepted.SendBufferSize = 16 * 1024;
        return new(client, accepted);
    }

    /// <summary>As if the cable were cut and both ends noticed.</summary>
    public void Dispose()
    {
        _dialler.Dispose();
        _listener.Dispose();
    }

    private static WebSocket Wrap(Socket socket, bool isServer) => WebSocket.CreateFromStream(
        new NetworkStream(socket, ownsSocket: true),
        new WebSocketCreationOptions { IsServer = isServer });
}

/// <summary>Two linked systems.</summary>
internal sealed class LinkPair : IAsyncDisposable
{
    private LinkPair(LinkedKit left, LinkedKit right, SocketPair sockets, ILink link)
    {
        (Left, Right, Sockets, Link) = (left, right, sockets, link);
    }

    public LinkedKit Left { get; }

    public LinkedKit Right { get; }

    public SocketPair Sockets { get; }

    /// <summary>As the left one has it.</summary>
    public ILink Link { get; }

    public static async Task<LinkPair> StartAsync(
        Func<LinkOptions, LinkOptions>? left = null, Func<LinkOptions, LinkOptions>? right = null)
    {
        var leftKit = new LinkedKit("left", left);
        var rightKit = new LinkedKit("right", right);
        var (sockets, link) = await ConnectAsync(leftKit, rightKit);
        return new(leftKit, rightKit, sockets, link);
    }

    public static async Task<(SocketPair Sockets, ILink Link)> ConnectAsync(
        LinkedKit dialler, LinkedKit listener)
    {
        var sockets = await SocketPair.OpenAsync();
        _ = listener.Links.AcceptAsync(sockets.Listener, default);
        return (sockets, await dialler.Links.ConnectAsync(sockets.Dialler, default));
    }

    public async ValueTask DisposeAsync()
    {
        await Left.DisposeAsync();
        await Right.DisposeAsync();
        Sockets.Dispose();
    }
}
