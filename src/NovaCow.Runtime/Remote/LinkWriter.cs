using System.Text;
using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Remote.Wire;

namespace NovaCow.Runtime.Remote;

/// <summary>What became of a record.</summary>
internal enum Queued
{
    Yes,
    BufferFull,
    NameTooLong,
    LinkClosed,
}

/// <summary>
/// The sending half of a link: any thread appends records, one loop takes the frames. It owns
/// the tables that make records small, and the bound on what may wait.
/// </summary>
internal sealed class LinkWriter(int maxBufferedBytes)
{
    private readonly Lock _gate = new();
    private readonly SegmentQueue _queue = new();
    private readonly InternTable _names = new();
    private readonly InternTable _manifests = new();
    private TaskCompletionSource<bool>? _waiting;
    private bool _isClosed;
    private bool _isAbandoned;
    private long _framesTaken;
    private long _framesAtLastBeat;

    /// <summary>The local actors that the peer may address.</summary>
    public Introductions Introduced { get; } = new();

    public Queued Message(
        RemoteActorRef target, string manifest, ReadOnlySpan<byte> payload, IActorRef? sender)
    {
        lock (_gate)
        {
            if (_isClosed)
                return Queued.LinkClosed;
            if (_queue.BufferedBytes + payload.Length > maxBufferedBytes)
                return Queued.BufferFull;
            var record = new Record { Type = RecordType.Message, Payload = payload };
            if (!Address(target, out record.TargetKind, out record.Target)
                || !Address(sender, target.Link, out record.SenderKind, out record.Sender)
                || !Intern(_manifests, RecordType.Manifest, manifest, out record.Number))
                return Queued.NameTooLong;
            var writer = new RecordWriter(
                _queue.Reserve(RecordWriter.MaxOverhead + payload.Length));
            writer.Message(ref record);
            Commit(writer.Length);
            return Queued.Yes;
        }
    }

    public Queued Watch(long watch, RemoteActorRef target)
    {
        lock (_gate)
        {
            if (_isClosed)
                return Queued.LinkClosed;
            if (!Address(target, out var kind, out var number))
                return Queued.NameTooLong;
            var writer = new RecordWriter(_queue.Reserve(RecordWriter.MaxOverhead));
            writer.Watch(watch, kind, number);
            Commit(writer.Length);
            return Queued.Yes;
        }
    }

    public void Unwatch(long watch)
    {
        lock (_gate)
        {
            if (!_isClosed)
                End(RecordType.Unwatch, watch);
        }
    }

    public void Terminated(long watch, bool existed)
    {
        lock (_gate)
        {
            if (_isClosed)
                return;
            var writer = new RecordWriter(_queue.Reserve(RecordWriter.MaxOverhead));
            writer.Terminated(watch, existed);
            Commit(writer.Length);
        }
    }

    public void Leader(string address)
    {
        var text = Encoding.UTF8.GetBytes(address);
        lock (_gate)
        {
            if (_isClosed || text.Length > RecordWriter.MaxTextBytes)
                return;
            var writer = new RecordWriter(_queue.Reserve(RecordWriter.MaxOverhead));
            writer.Leader(text);
            Commit(writer.Length);
        }
    }

    /// <summary>Sends an empty frame if none was sent since the last call.</summary>
    public void Heartbeat()
    {
        lock (_gate)
        {
            if (!_isClosed && _queue.IsEmpty && _framesTaken == _framesAtLastBeat)
            {
                _queue.Reserve(0);
                Commit(0);
            }
            _framesAtLastBeat = _framesTaken;
        }
    }

    /// <summary>The next frame, as soon as there is one; null when the link is closed and all is
    /// sent.</summary>
    public async ValueTask<Segment?> TakeAsync()
    {
        while (true)
        {
            Task<bool> waiting;
            lock (_gate)
            {
                if (_isAbandoned)
                    return null;
                if (_queue.Take() is { } segment)
                {
                    _framesTaken++;
                    return segment;
                }
                if (_isClosed)
                    return null;
                _waiting = new(TaskCreationOptions.RunContinuationsAsynchronously);
                waiting = _waiting.Task;
            }
            await waiting;
        }
    }

    public void Sent(Segment segment)
    {
        lock (_gate)
            _queue.Sent(segment);
    }

    /// <summary>What was left when the link ended.</summary>
    public Segment? TakeUnsent()
    {
        lock (_gate)
            return _queue.Take();
    }

    /// <summary>Takes no more records. What waits is still sent, unless it is abandoned.
    /// </summary>
    public void Close(bool abandon)
    {
        lock (_gate)
        {
            _isClosed = true;
            _isAbandoned |= abandon;
            Wake();
        }
    }

    /// <summary>The path or manifest behind a number that was written.</summary>
    public string? NameOf(long number)
    {
        lock (_gate)
            return _names.TextOf(number);
    }

    public string? ManifestOf(long number)
    {
        lock (_gate)
            return _manifests.TextOf(number);
    }

    private bool Address(RemoteActorRef target, out AddressKind kind, out long number)
    {
        (kind, number) = (target.Kind, target.Number);
        if (kind != AddressKind.Named)
            return true;
        if (_names.StillMeans(target.NameSlot, target.Name))
        {
            number = target.NameSlot;
            return true;
        }
        if (!Intern(_names, RecordType.Name, target.Name, out number))
            return false;
        target.NameSlot = (int)number;
        target.Name = _names.TextOf(number)!;
        return true;
    }

    private bool Address(IActorRef? sender, Link link, out AddressKind kind, out long number)
    {
        (kind, number) = (AddressKind.None, 0);
        switch (sender)
        {
            case null or DeadLetterRef:
                return true;
            case RemoteActorRef theirs when theirs.Link == link:
                return Address(theirs, out kind, out number);
            case var actor when Introductions.IsLongLived(actor):
                kind = AddressKind.Mine;
                number = Introduce(actor);
                return true;
            case var actor when actor.IsNobody():
                return true;
            default:
                kind = AddressKind.Once;
                number = Introduced.IntroduceOnce(sender);
                Sweep();
                return true;
        }
    }

    private long Introduce(IActorRef actor)
    {
        var number = Introduced.Introduce(actor, out var isNew);
        if (isNew)
        {
            var path = RemotePath.ForPeer(actor);
            if (Encoding.UTF8.GetByteCount(path) > RecordWriter.MaxTextBytes)
                path = $"/too-long-to-show#{actor.Path.Uid}";
            Define(RecordType.Introduce, number, path);
            Sweep();
        }
        return number;
    }

    private void Sweep()
    {
        if (!Introduced.IsSweepDue)
            return;
        foreach (var gone in Introduced.Sweep())
            End(RecordType.Forget, gone);
    }

    private bool Intern(InternTable table, RecordType type, string text, out long number)
    {
        var isKnown = table.TryFind(text, out var found);
        number = found;
        if (isKnown)
            return true;
        if (Encoding.UTF8.GetByteCount(text) > RecordWriter.MaxTextBytes)
            return false;
        number = table.Add(text);
        Define(type, number, text);
        return true;
    }

    private void Define(RecordType type, long number, string text)
    {
        Span<byte> bytes = stackalloc byte[RecordWriter.MaxTextBytes];
        var length = Encoding.UTF8.GetBytes(text, bytes);
        var writer = new RecordWriter(_queue.Reserve(RecordWriter.MaxOverhead));
        writer.Definition(type, number, bytes[..length]);
        Commit(writer.Length);
    }

    private void End(RecordType type, long number)
    {
        var writer = new RecordWriter(_queue.Reserve(RecordWriter.MaxOverhead));
        writer.Ending(type, number);
        Commit(writer.Length);
    }

    private void Commit(int bytes)
    {
        _queue.Commit(bytes);
        Wake();
    }

    private void Wake()
    {
        _waiting?.TrySetResult(true);
        _waiting = null;
    }
}
