using System.Buffers;
using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Remote.Wire;

namespace NovaCow.Runtime.Remote;

/// <summary>
/// One connection after its handshake: a loop that reads, a loop that writes, and a beat that
/// finds a silent peer. Whatever ends first ends the link, once.
/// </summary>
internal sealed class Link : ILink
{
    private const int MaxScratchBytes = 1024 * 1024;

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? t_scratch;

    private readonly Links _links;
    private readonly FrameSocket _socket;
    private readonly LinkWriter _writer;
    private readonly LinkReader _reader;
    private readonly int _maxMessageBytes;
    private readonly TaskCompletionSource<string> _closed =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private string? _reason;
    private string? _goodbye;
    private long _bytesAtLastBeat;
    private long _heardAt;
    private int _isWarnedOfFull;

    public Link(Links links, FrameSocket socket, LinkTerms terms)
    {
        _links = links;
        _socket = socket;
        Peer = terms.Peer;
        Version = terms.Version;
        LeaderAddress = terms.LeaderAddress;
        Root = RemotePath.Root(terms.Peer, terms.Number);
        _maxMessageBytes = Math.Min(links.Options.MaxMessageBytes, terms.PeerMaxMessageBytes);
        _writer = new LinkWriter(links.Options.MaxBufferedBytes);
        _reader = new LinkReader(this, links, _writer);
        Watches = new LinkWatches(this, _writer);
    }

    public NodeIdentity Peer { get; }

    public int Version { get; }

    public string? LeaderAddress { get; private set; }

    public bool PeerLeads => Peer.Address.Length > 0 && LeaderAddress == Peer.Address;

    public Task<string> Closed => _closed.Task;

    /// <summary>What the peer may do; null: everything.</summary>
    public ILinkGuard? Guard { get; init; }

    public ActorSystem System => _links.System;

    public ActorPath Root { get; }

    public LinkWatches Watches { get; }

    public bool IsDown => Volatile.Read(ref _reason) is not null;

    /// <summary>How many local actors the peer may address by number.</summary>
    public int IntroducedCount => _writer.Introduced.Count;

    private TimeProvider Time => System.TimeProvider;

    public IActorRef ActorFor(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (!path.StartsWith('/'))
            throw new ArgumentException($"'{path}' is no path: it begins with /", nameof(path));
        return RemoteActorRef.Named(this, path);
    }

    public void Send(RemoteActorRef target, object message, IActorRef? sender)
    {
        var scratch = t_scratch ??= new ArrayBufferWriter<byte>(1024);
        scratch.ResetWrittenCount();
        string manifest;
        try
        {
            manifest = _links.Serializer.Serialize(message, scratch);
        }
        catch (Exception cause)
        {
            _links.ReportUnsendable(message, target, cause.Message, cause);
            Undelivered(target, message, sender);
            return;
        }
        if (scratch.WrittenCount > _maxMessageBytes)
        {
            var size = $"it takes {scratch.WrittenCount} bytes of {_maxMessageBytes}";
            _links.ReportUnsendable(message, target, size, cause: null);
            Undelivered(target, message, sender);
        }
        else
        {
            var queued = _writer.Message(target, manifest, scratch.WrittenSpan, sender);
            if (queued != Queued.Yes)
            {
                WarnOf(queued);
                Undelivered(target, message, sender);
            }
        }
        if (scratch.Capacity > MaxScratchBytes)
            t_scratch = null;
    }

    /// <summary>Tells the peer who leads.</summary>
    public void TellLeader(string? address) => _writer.Leader(address ?? "");

    /// <summary>The peer told who leads.</summary>
    public void HintLeader(string address)
    {
        LeaderAddress = address.Length == 0 ? null : address;
        System.EventStream.Publish(new LeaderHint(this, LeaderAddress));
    }

    public async Task CloseAsync(string reason)
    {
        _goodbye = reason;
        _writer.Close(abandon: false);
        if (!await EndsInTime(_closed.Task))
        {
            End(reason);
            await _closed.Task;
        }
    }

    /// <summary>Serves the link until it ends.</summary>
    /// <returns>The reason.</returns>
    public async Task<string> RunAsync(CancellationToken cancellationToken)
    {
        _heardAt = Time.GetTimestamp();
        var interval = _links.Options.HeartbeatInterval;
        await using var beat = Time.CreateTimer(
            static link => ((Link)link!).Beat(), this, interval, interval);
        await using var stop = cancellationToken.Register(
            () => _ = CloseAsync($"{_links.Self} stops"));
        var reading = ReadAsync();
        var writing = WriteAsync();
        await Task.WhenAny(reading, writing);
        var both = Task.WhenAll(reading, writing);
        if (!await EndsInTime(both))
        {
            End("the peer did not answer the goodbye");
            _socket.Abort();
            await both;
        }
        _socket.Dispose();
        Watches.Down();
        new UnsentMessages(this, _links, _writer).ToDeadLetters();
        FailWaiting();
        return _reason!;
    }

    /// <summary>Tells those who wait for the end.</summary>
    public void Complete() => _closed.SetResult(_reason!);

    private async Task<bool> EndsInTime(Task task)
    {
        try
        {
            await task.WaitAsync(_links.Options.CloseTimeout, Time);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private async Task ReadAsync()
    {
        await Task.Yield();
        var limit = Math.Max(
            Limits.FrameBytes + RecordWriter.MaxOverhead,
            _links.Options.MaxMessageBytes + RecordWriter.MaxOverhead + 1);
        try
        {
            while (await _socket.ReceiveAsync(limit, CancellationToken.None) is { } frame)
                _reader.Handle(frame.Span, _links.Options.MaxMessageBytes);
            var reason = _goodbye ?? $"{Peer} closed it: {_socket.CloseReason}";
            Interlocked.CompareExchange(ref _reason, reason, null);
            _writer.Close(abandon: true);
        }
        catch (LinkProtocolException e)
        {
            End($"{Peer} sent {e.Message}");
        }
        catch (Exception e)
        {
            End($"the connection broke: {e.Message}");
        }
    }

    private async Task WriteAsync()
    {
        await Task.Yield();
        try
        {
            while (await _writer.TakeAsync() is { } segment)
            {
                try
                {
                    await _socket.SendAsync(segment.Frame, CancellationToken.None);
                }
                finally
                {
                    _writer.Sent(segment);
                }
                if (IsDown)
                    return;
            }
            await _socket.CloseOutputAsync(_goodbye ?? _reason ?? "", default);
        }
        catch (Exception e)
        {
            End($"the connection broke: {e.Message}");
        }
    }

    private void Beat()
    {
        var options = _links.Options;
        var bytes = _socket.BytesReceived;
        if (bytes != _bytesAtLastBeat)
        {
            _bytesAtLastBeat = bytes;
            _heardAt = Time.GetTimestamp();
        }
        else if (Time.GetElapsedTime(_heardAt) > options.HeartbeatTimeout)
        {
            End($"{Peer} was silent for {options.HeartbeatTimeout.TotalSeconds} s");
            return;
        }
        if (Guard?.Ended() is { } ended)
            _ = CloseAsync(ended);
        _writer.Heartbeat();
        Volatile.Write(ref _isWarnedOfFull, 0);
    }

    private void End(string reason)
    {
        if (Interlocked.CompareExchange(ref _reason, reason, null) is not null)
            return;
        _writer.Close(abandon: true);
        _socket.Abort();
    }

    private void WarnOf(Queued queued)
    {
        if (queued == Queued.BufferFull && Interlocked.Exchange(ref _isWarnedOfFull, 1) == 0)
        {
            _links.Log.Warning(
                "{0} takes less than it is sent: {1} bytes wait, and more become dead letters",
                Peer,
                _links.Options.MaxBufferedBytes);
        }
        else if (queued == Queued.NameTooLong)
        {
            _links.Log.Warning("a name longer than {0} bytes", RecordWriter.MaxTextBytes);
        }
    }

    private void Undelivered(RemoteActorRef target, object message, IActorRef? sender) =>
        System.DeadLetterOffice.Take(message, sender, target);

    // Nobody can answer them any more, and waiting for their timeout helps nobody.
    private void FailWaiting()
    {
        foreach (var waiting in _writer.Introduced.Waiting())
        {
            waiting.Tell(
                new Status.Failure(new LinkException($"the link to {Peer} ended: {_reason}")),
                ActorRefs.NoSender);
        }
    }
}

/// <summary>What a handshake came to.</summary>
internal sealed record LinkTerms(
    int Number, NodeIdentity Peer, int Version, int PeerMaxMessageBytes, string? LeaderAddress);
