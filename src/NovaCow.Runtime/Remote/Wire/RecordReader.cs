namespace NovaCow.Runtime.Remote.Wire;

/// <summary>Takes a batch apart into records. Anything that does not parse ends in a
/// <see cref="LinkProtocolException"/>; no input makes it read outside the batch.</summary>
internal ref struct RecordReader(ReadOnlySpan<byte> batch, int maxMessageBytes)
{
    private readonly ReadOnlySpan<byte> _batch = batch;
    private int _at = 0;

    /// <summary>What <see cref="Read"/> found last.</summary>
    public Record Current;

    public bool Read()
    {
        Current = default;
        if (_at == _batch.Length)
            return false;
        var tag = _batch[_at++];
        Current.Type = (RecordType)(tag & 0x0f);
        if (Current.Type == RecordType.Message)
            ReadMessage(tag);
        else
            ReadOther(tag);
        return true;
    }

    private void ReadMessage(byte tag)
    {
        Current.TargetKind = TargetKindOf(tag);
        Current.Target = ReadNumber();
        Current.SenderKind = (AddressKind)((tag >> 4) & 0x07);
        if (Current.SenderKind > AddressKind.Once)
            throw new LinkProtocolException($"a sender of unknown kind {Current.SenderKind:d}");
        if (Current.SenderKind != AddressKind.None)
            Current.Sender = ReadNumber();
        Current.Number = ReadNumber();
        Current.Payload = ReadBytes(maxMessageBytes, "message");
    }

    private void ReadOther(byte tag)
    {
        if (Current.Type == RecordType.Leader)
        {
            Current.Text = ReadText();
            return;
        }
        Current.Number = ReadNumber();
        switch (Current.Type)
        {
            case RecordType.Name or RecordType.Manifest or RecordType.Introduce:
                Current.Text = ReadText();
                break;
            case RecordType.Watch:
                Current.TargetKind = TargetKindOf(tag);
                Current.Target = ReadNumber();
                break;
            case RecordType.Terminated:
                Current.Existed = ReadNumber() != 0;
                break;
            case RecordType.Forget or RecordType.Unwatch:
                break;
            default:
                throw new LinkProtocolException(
                    $"a record of unknown type {tag & 0x0f} at byte {_at}");
        }
    }

    private static AddressKind TargetKindOf(byte tag) =>
        (tag & RecordWriter.NamedTarget) != 0 ? AddressKind.Named : AddressKind.Yours;

    private long ReadNumber()
    {
        long value = 0;
        for (var shift = 0; shift < 63; shift += 7)
        {
            if (_at >= _batch.Length)
                throw new LinkProtocolException("a record is cut off in a number");
            var b = _batch[_at++];
            value |= (long)(b & 0x7f) << shift;
            if (b < 0x80)
                return value;
        }
        throw new LinkProtocolException($"a number without end at byte {_at}");
    }

    private ReadOnlySpan<byte> ReadText() => ReadBytes(RecordWriter.MaxTextBytes, "text");

    private ReadOnlySpan<byte> ReadBytes(int limit, string what)
    {
        var length = ReadNumber();
        if (length > limit)
            throw new LinkProtocolException($"a {what} of {length} bytes; the limit is {limit}");
        if (length > _batch.Length - _at)
            throw new LinkProtocolException(
                $"a {what} of {length} bytes where {_batch.Length - _at} are left");
        var bytes = _batch.Slice(_at, (int)length);
        _at += (int)length;
        return bytes;
    }
}
