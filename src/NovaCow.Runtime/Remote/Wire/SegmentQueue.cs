using System.Buffers;

namespace NovaCow.Runtime.Remote.Wire;

/// <summary>A frame being filled, sent or thrown away; its bytes are rented.</summary>
internal sealed class Segment(int capacity)
{
    private readonly byte[] _bytes = ArrayPool<byte>.Shared.Rent(capacity);

    public int Length { get; private set; }

    // What is rented may be twice as large, and a frame must not: the peer bounds it.
    public Span<byte> Free => _bytes.AsSpan(Length, capacity - Length);

    public ReadOnlyMemory<byte> Frame => _bytes.AsMemory(0, Length);

    public void Add(byte value) => _bytes[Length++] = value;

    public void Advance(int count) => Length += count;

    public void Return() => ArrayPool<byte>.Shared.Return(_bytes);
}

/// <summary>Records on their way out, gathered into frames. The caller locks.</summary>
internal sealed class SegmentQueue
{
    private readonly Queue<Segment> _full = new();
    private Segment? _open;

    /// <summary>Bytes that wait, and those of the frame that is being sent.</summary>
    public long BufferedBytes { get; private set; }

    public bool IsEmpty => _open is null && _full.Count == 0;

    /// <summary>Room for one record, to be followed by <see cref="Commit"/>.</summary>
    public Span<byte> Reserve(int bytes)
    {
        if (_open is not null && _open.Free.Length < bytes)
        {
            _full.Enqueue(_open);
            _open = null;
        }
        if (_open is null)
        {
            _open = new Segment(Math.Max(bytes + 1, Limits.FrameBytes));
            _open.Add((byte)FrameKind.Batch);
        }
        return _open.Free;
    }

    public void Commit(int bytes)
    {
        _open!.Advance(bytes);
        BufferedBytes += bytes;
    }

    public Segment? Take()
    {
        if (_full.TryDequeue(out var segment))
            return segment;
        (segment, _open) = (_open, null);
        return segment;
    }

    /// <summary>The frame has been sent.</summary>
    public void Sent(Segment segment)
    {
        BufferedBytes -= segment.Length - 1;
        segment.Return();
    }
}
