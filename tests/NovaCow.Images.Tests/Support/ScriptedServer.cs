using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace NovaCow.Images.Tests.Support;

/// <summary>What a client asked of a <see cref="ScriptedServer"/>.</summary>
public sealed record ScriptedRequest(string Target, IReadOnlyDictionary<string, string> Headers)
{
    /// <summary>The first byte asked for, when the request is for a range to the end.</summary>
    public long? RangeStart =>
        Headers.TryGetValue("Range", out var range)
            ? long.Parse(range["bytes=".Length..].TrimEnd('-'), CultureInfo.InvariantCulture)
            : null;

    /// <summary>The validator that the range depends on.</summary>
    public string? IfRange => Headers.GetValueOrDefault("If-Range");
}

/// <summary>What a <see cref="ScriptedServer"/> answers, misbehaviour included.</summary>
public sealed record ScriptedReply
{
    public int Status { get; init; } = 200;

    public Dictionary<string, string> Headers { get; init; } = [];

    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The Content-Length to claim; by default the body's own.</summary>
    public long? ClaimedLength { get; init; }

    /// <summary>Sends no Content-Length: the body ends with the connection.</summary>
    public bool OmitLength { get; init; }

    /// <summary>Closes the connection after this many bytes of the body.</summary>
    public int? BreakAfter { get; init; }

    /// <summary>Closes by a reset, which loses what the client has not read yet.</summary>
    public bool Resets { get; init; }

    /// <summary>Says nothing more after this many bytes of the body.</summary>
    public int? StallAfter { get; init; }

    /// <summary>Accepts the request and never answers.</summary>
    public bool Silent { get; init; }

    /// <summary>Sends the body in pieces of this size.</summary>
    public int PieceBytes { get; init; } = int.MaxValue;

    /// <summary>Runs before each piece of the body.</summary>
    public Func<Task>? BeforePiece { get; init; }
}

/// <summary>
/// An HTTP/1.1 server on a loopback socket that does exactly what a test tells it, right or wrong.
/// One request per connection. With a certificate it only shakes hands.
/// </summary>
public sealed class ScriptedServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<ScriptedRequest> _requests = new();
    private readonly Func<ScriptedRequest, ScriptedReply> _handler;
    private readonly Task _accepting;

    private readonly X509Certificate2? _certificate;

    public ScriptedServer(
        Func<ScriptedRequest, ScriptedReply> handler, X509Certificate2? certificate = null)
    {
        _handler = handler;
        _certificate = certificate;
        _listener.Start();
        Authority = _listener.LocalEndpoint.ToString()!;
        _accepting = AcceptAsync();
    }

    /// <summary>Called again and again while a reply stalls: virtual time moves here.</summary>
    public Action WhileStalled { get; set; } = () => { };

    public IReadOnlyList<ScriptedRequest> Requests => [.. _requests];

    public string Authority { get; }

    public Uri Url(string path = "/image.raw") =>
        new($"{(_certificate is null ? "http" : "https")}://{Authority}{path}");

    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested)
            return;
        await _stop.CancelAsync();
        await _accepting; // stopped under it, a listener that had just accepted would throw
        _listener.Stop();
    }

    private async Task AcceptAsync()
    {
        var served = new List<Task>();
        try
        {
            while (true)
                served.Add(ServeAsync(await _listener.AcceptSocketAsync(_stop.Token)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            await Task.WhenAll(served);
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        using var owned = socket;
        try
        {
            socket.NoDelay = true;
            if (_certificate is not null)
            {
                await using var tls = new SslStream(new NetworkStream(socket));
                await tls.AuthenticateAsServerAsync(_certificate);
                return;
            }

            if (await ReadRequestAsync(socket) is not { } request)
                return;
            _requests.Enqueue(request);
            await AnswerAsync(socket, _handler(request));
        }
        catch (Exception e) when (
            e is OperationCanceledException or SocketException or IOException
                or AuthenticationException)
        {
            // The client went away, which is its right.
        }
    }

    private async Task<ScriptedRequest?> ReadRequestAsync(Socket socket)
    {
        var buffer = new byte[16 * 1024];
        var length = 0;
        while (buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8) < 0)
        {
            var got = await socket.ReceiveAsync(buffer.AsMemory(length), _stop.Token);
            if (got == 0)
                return null;
            length += got;
        }

        var lines = Encoding.ASCII.GetString(buffer, 0, length).Split("\r\n");
        var headers = lines.Skip(1).TakeWhile(line => line.Length > 0)
            .Select(line => line.Split(": ", 2))
            .ToDictionary(pair => pair[0], pair => pair[1], StringComparer.OrdinalIgnoreCase);
        return new ScriptedRequest(lines[0].Split(' ')[1], headers);
    }

    private async Task AnswerAsync(Socket socket, ScriptedReply reply)
    {
        if (reply.Silent)
        {
            await StallAsync(socket);
            return;
        }

        await SendAsync(socket, Encoding.ASCII.GetBytes(Head(reply)));
        var limit = Math.Min(reply.BreakAfter ?? int.MaxValue, reply.StallAfter ?? int.MaxValue);
        var body = reply.Body[..Math.Min(limit, reply.Body.Length)];
        while (body.Length > 0)
        {
            if (reply.BeforePiece is { } wait)
                await wait();
            var piece = body[..Math.Min(reply.PieceBytes, body.Length)];
            await SendAsync(socket, piece);
            body = body[piece.Length..];
        }

        if (reply is { BreakAfter: not null, Resets: true })
            socket.LingerState = new LingerOption(enable: true, seconds: 0);
        else if (reply.StallAfter is not null)
            await StallAsync(socket);
        else
            socket.Shutdown(SocketShutdown.Send);
    }

    private static string Head(ScriptedReply reply)
    {
        var head = new StringBuilder($"HTTP/1.1 {reply.Status} Scripted\r\nConnection: close\r\n");
        if (!reply.OmitLength)
            head.Append($"Content-Length: {reply.ClaimedLength ?? reply.Body.Length}\r\n");
        foreach (var (name, value) in reply.Headers)
            head.Append($"{name}: {value}\r\n");
        return head.Append("\r\n").ToString();
    }

    private async Task SendAsync(Socket socket, ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0)
            bytes = bytes[await socket.SendAsync(bytes, _stop.Token)..];
    }

    /// <summary>Keeps the connection open until the client closes it.</summary>
    private async Task StallAsync(Socket socket)
    {
        var closed = socket.ReceiveAsync(new byte[1], _stop.Token).AsTask();
        while (!closed.IsCompleted)
        {
            WhileStalled();
            await Task.WhenAny(closed, Task.Delay(TimeSpan.FromMilliseconds(10), _stop.Token));
            _stop.Token.ThrowIfCancellationRequested();
        }
    }
}
