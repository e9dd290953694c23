using NovaCow.Runtime.Remote;
using NovaCow.Runtime.Remote.Wire;

namespace NovaCow.Runtime.Tests.Remote;

/// <summary>A peer that speaks the handshake and then whatever a test makes it say.</summary>
internal sealed class RawPeer : IDisposable
{
    private readonly SocketPair _sockets;
    private readonly FrameSocket _socket;

    private RawPeer(SocketPair sockets, FrameSocket socket, ILink link)
    {
        (_sockets, _socket, LinkAtListener) = (sockets, socket, link);
    }

    /// <summary>The link as the system under test has it.</summary>
    public ILink LinkAtListener { get; }

    public static async Task<RawPeer> DialAsync(LinkedKit listener)
    {
        var sockets = await SocketPair.OpenAsync();
        _ = listener.Links.AcceptAsync(sockets.Listener, default);
        var socket = new FrameSocket(sockets.Dialler);
        var hello = Handshake.HelloOf(LinkedKit.OptionsFor("raw"));
        await socket.SendAsync(Handshake.Encode(hello), default);
        var answer = await socket.ReceiveAsync(Limits.HandshakeBytes, default);
        Assert.IsType<Welcome>(Handshake.Decode(answer!.Value.Span));
        await listener.AwaitConditionAsync(() => listener.Links.Open.Count == 1);
        return new(sockets, socket, listener.Links.Open.Single());
    }

    public ValueTask SendAsync(byte[] frame) => _socket.SendAsync(frame, default);

    public async Task<byte[]> ReceiveAsync() =>
        (await _socket.ReceiveAsync(1 << 20, default))!.Value.ToArray();

    public void Dispose()
    {
        _sockets.Dispose();
        _socket.Dispose();
    }
}
