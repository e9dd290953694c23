using System.Collections.Concurrent;
using System.Net.Security;
using System.Net.WebSockets;
using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Remote.Wire;
using NovaCow.Runtime.Serialization;
using NovaCow.Runtime.Telemetry;

namespace NovaCow.Runtime.Remote;

/// <summary>
/// The links of an actor system: it dials and accepts them, and says which actors peers may
/// address by path. It listens on nothing itself: sockets are handed to it.
/// </summary>
public sealed class Links
{
    private readonly ConcurrentDictionary<Link, byte> _open = new();
    private readonly ConcurrentDictionary<Type, byte> _unsendable = new();
    private readonly CancellationTokenSource _stopping = new();
    private volatile string[] _exports = [];
    private int _lastNumber;

    private Links(ActorSystem system, LinkOptions options, MessageSerializer serializer)
    {
        System = system;
        Options = options;
        Serializer = serializer;
        Log = new LoggingAdapter(system.Log, "/links", typeof(Links));
        Told = new OncePerCause(system.TimeProvider);
        RuntimeMessages.Register(serializer);
        _ = system.WhenTerminated.ContinueWith(
            _ => _stopping.Cancel(), TaskScheduler.Default);
    }

    public NodeIdentity Self => Options.Self;

    /// <summary>The links that are up.</summary>
    public IReadOnlyCollection<ILink> Open => [.. _open.Keys];

    /// <summary>Who leads the cluster, for peers that look for the leader. Setting it tells
    /// them.</summary>
    public string? LeaderAddress
    {
        get;
        set
        {
            if (field == value)
                return;
            field = value;
            foreach (var link in _open.Keys)
                link.TellLeader(value);
        }
    }

    internal ActorSystem System { get; }

    internal LinkOptions Options { get; }

    internal MessageSerializer Serializer { get; }

    internal ILoggingAdapter Log { get; }

    /// <summary>Which causes the log has: a peer tries again and again.</summary>
    internal OncePerCause Told { get; }

    /// <summary>Gives a system links; the first call decides the options.</summary>
    public static Links Start(
        ActorSystem system, LinkOptions options, MessageSerializer serializer)
    {
        ArgumentNullException.ThrowIfNull(system);
        return system.RegisterExtension(s => new Links(s, options, serializer));
    }

    /// <summary>Lets peers address an actor, and all below it, by path.</summary>
    public void Export(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (!path.StartsWith('/'))
            throw new ArgumentException($"'{path}' is no path: it begins with /", nameof(path));
        lock (_open)
            _exports = [.. _exports.Append(path.TrimEnd('/')).Distinct()];
    }

    /// <summary>Serves a socket that a listener accepted until the link ends.</summary>
    /// <exception cref="LinkRefusedException">The two do not fit; the peer was told.</exception>
    /// <exception cref="LinkException">There was no handshake in time.</exception>
    public Task AcceptAsync(WebSocket webSocket, CancellationToken cancellationToken) =>
        AcceptAsync(webSocket, guard: null, cancellationToken);

    /// <summary>Serves a socket that a listener accepted until the link ends.</summary>
    /// <param name="webSocket">The socket.</param>
    /// <param name="guard">Decides what the peer may do; null: everything.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="LinkRefusedException">The two do not fit; the peer was told.</exception>
    /// <exception cref="LinkException">There was no handshake in time.</exception>
    public async Task AcceptAsync(
        WebSocket webSocket, ILinkGuard? guard, CancellationToken cancellationToken)
    {
        using var stop = Stopping(cancellationToken);
        using var socket = new FrameSocket(webSocket);
        LinkTerms terms;
        try
        {
            terms = await WithinHandshakeTime(
                token => LinkHandshake.AcceptAsync(this, socket, guard, token), socket, stop.Token);
        }
        catch (LinkException e)
        {
            if (Told.IsNew(e.Message))
                Log.Warning("a link was not accepted: {0}", e.Message);
            throw;
        }
        await RunAsync(new Link(this, socket, terms) { Guard = guard }, stop.Token);
    }

    /// <summary>Makes a link to a listener.</summary>
    /// <param name="address">Of the node, such as <c>http://10.0.0.1:7717</c>, or of its link
    /// endpoint.</param>
    /// <exception cref="LinkRefusedException">The two do not fit.</exception>
    /// <exception cref="LinkException">The peer was not reached, or not in time.</exception>
    public async Task<ILink> DialAsync(Uri address, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(address);
        var socket = new ClientWebSocket();
        socket.Options.KeepAliveInterval = Timeout.InfiniteTimeSpan;
        socket.Options.CollectHttpResponseDetails = true;
        // A node is where it says it is: no proxies, no redirects.
        using var http = new HttpMessageInvoker(new SocketsHttpHandler
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            SslOptions = Options.DialTls?.Invoke() ?? new SslClientAuthenticationOptions(),
        });
        try
        {
            return await ConnectAsync(
                socket,
                token => socket.ConnectAsync(LinkAddress.Socket(address), http, token),
                cancellationToken);
        }
        catch (Exception e) when (e is LinkException and not LinkRefusedException)
        {
            throw new LinkException($"{address}: {e.Message}", e);
        }
    }

    /// <summary>Makes a link over a socket that is connected to a listener.</summary>
    /// <exception cref="LinkRefusedException">The two do not fit.</exception>
    /// <exception cref="LinkException">The peer did not answer, or not in time.</exception>
    public Task<ILink> ConnectAsync(WebSocket webSocket, CancellationToken cancellationToken) =>
        ConnectAsync(webSocket, _ => Task.CompletedTask, cancellationToken);

    /// <summary>Ends all links.</summary>
    public Task CloseAsync(string reason) =>
        Task.WhenAll(_open.Keys.Select(link => link.CloseAsync(reason)));

    internal bool IsExported(string path)
    {
        var (names, _) = RemotePath.SplitUid(path);
        return Array.Exists(
            _exports,
            export => names == export
                || (names.StartsWith(export, StringComparison.Ordinal)
                    && names[export.Length] == '/'));
    }

    internal int NextNumber() => Interlocked.Increment(ref _lastNumber);

    internal void ReportUnsendable(
        object message, IActorRef target, string why, Exception? cause)
    {
        if (!_unsendable.TryAdd(message.GetType(), 0))
            return;
        var text = $"a {message.GetType()} to {target.Path} was not sent: {why}";
        if (cause is null)
            Log.Error("{0}", text);
        else
            Log.Error(cause, "{0}", text);
    }

    private async Task<ILink> ConnectAsync(
        WebSocket webSocket,
        Func<CancellationToken, Task> connect,
        CancellationToken cancellationToken)
    {
        using var stop = Stopping(cancellationToken);
        var socket = new FrameSocket(webSocket);
        try
        {
            var terms = await WithinHandshakeTime(
                async token =>
                {
                    await connect(token);
                    return await LinkHandshake.DialAsync(this, socket, token);
                },
                socket,
                stop.Token);
            var link = new Link(this, socket, terms);
            _ = RunAsync(link, _stopping.Token);
            return link;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private CancellationTokenSource Stopping(CancellationToken cancellationToken) =>
        CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stopping.Token);

    private async Task RunAsync(Link link, CancellationToken cancellationToken)
    {
        _open.TryAdd(link, 0);
        // Said in the handshake, but it may have changed since.
        if (LeaderAddress is { } leader)
            link.TellLeader(leader);
        Log.Info("link to {0} is up", link.Peer);
        System.EventStream.Publish(new LinkUp(link));
        var reason = await link.RunAsync(cancellationToken);
        _open.TryRemove(link, out _);
        Log.Info("link to {0} ended: {1}", link.Peer, reason);
        // In this order whoever gets hold of a link sees that it has ended, or hears of it.
        link.Complete();
        System.EventStream.Publish(new LinkDown(link, reason));
    }

    private async Task<LinkTerms> WithinHandshakeTime(
        Func<CancellationToken, Task<LinkTerms>> handshake,
        FrameSocket socket,
        CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(
            Options.HandshakeTimeout, System.TimeProvider);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(
            limit.Token, cancellationToken);
        try
        {
            return await handshake(both.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            socket.Abort();
            throw new LinkException(
                $"no handshake within {Options.HandshakeTimeout.TotalSeconds} s");
        }
        catch (WebSocketException e)
        {
            throw new LinkException(DialFailure.Explain(e, socket.HttpStatus), e);
        }
    }
}
