using System.Buffers;
using System.Net.WebSockets;

namespace NovaCow.Runtime.Remote.Wire;

/// <summary>
/// Frames over a WebSocket: one binary WebSocket message each. It owns the socket and the
/// receive buffer; one reader and one writer may use it at the same time.
/// </summary>
internal sealed class FrameSocket(WebSocket socket) : IDisposable
{
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(Limits.FrameBytes);
    private long _bytesReceived;

    /// <summary>Grows with everything that arrives: that it stands still means silence.</summary>
    public long BytesReceived => Volatile.Read(ref _bytesReceived);

    /// <summary>What a dialled peer answered over HTTP; 0 when it answered nothing.</summary>
    public int HttpStatus => socket is ClientWebSocket dialled ? (int)dialled.HttpStatusCode : 0;

    /// <summary>Why the peer closed, once <see cref="ReceiveAsync"/> has returned null.</summary>
    public string CloseReason { get; private set; } = "";

    public ValueTask SendAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellationToken) =>
        socket.SendAsync(frame, WebSocketMessageType.Binary, endOfMessage: true, cancellationToken);

    /// <summary>The next frame, valid until the next call; null when the peer closed.</summary>
    public async ValueTask<ReadOnlyMemory<byte>?> ReceiveAsync(
        int maxBytes, CancellationToken cancellationToken)
    {
        ShrinkBuffer();
        var length = 0;
        while (true)
        {
            var part = await socket.ReceiveAsync(_buffer.AsMemory(length), cancellationToken);
            if (part.MessageType == WebSocketMessageType.Close)
            {
                CloseReason = socket.CloseStatusDescription ?? "";
                return null;
            }
            if (part.MessageType != WebSocketMessageType.Binary)
                throw new LinkProtocolException("a text message where frames are binary");
            length += part.Count;
            Volatile.Write(ref _bytesReceived, _bytesReceived + part.Count);
            if (length > maxBytes)
                throw new LinkProtocolException($"a frame larger than {maxBytes} bytes");
            if (part.EndOfMessage)
                return _buffer.AsMemory(0, length);
            if (length == _buffer.Length)
                GrowBuffer(length);
        }
    }

    /// <summary>Says goodbye without waiting for the peer's; the reader sees its answer.</summary>
    public async Task CloseOutputAsync(string reason, CancellationToken cancellationToken)
    {
        if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
        {
            await socket.CloseOutputAsync(
                WebSocketCloseStatus.NormalClosure, Shorten(reason), cancellationToken);
        }
    }

    public void Abort() => socket.Abort();

    public void Dispose()
    {
        socket.Dispose();
        var buffer = Interlocked.Exchange(ref _buffer, []);
        if (buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(buffer);
    }

    // A close frame carries 123 bytes of reason.
    private static string Shorten(string reason)
    {
        const int limit = 123;
        while (System.Text.Encoding.UTF8.GetByteCount(reason) > limit)
            reason = reason[..(reason.Length * 9 / 10)];
        return reason;
    }

    private void GrowBuffer(int used)
    {
        var larger = ArrayPool<byte>.Shared.Rent(used * 2);
        _buffer.AsSpan(0, used).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }

    // One large message must not keep its memory for the life of the link.
    private void ShrinkBuffer()
    {
        if (_buffer.Length <= 4 * Limits.FrameBytes)
            return;
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = ArrayPool<byte>.Shared.Rent(Limits.FrameBytes);
    }
}
