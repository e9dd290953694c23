namespace NovaCow.Runtime.Remote.Wire;

/// <summary>Writes records into a span that the caller knows to be large enough.</summary>
internal ref struct RecordWriter(Span<byte> space)
{
    /// <summary>The longest path, manifest or address.</summary>
    public const int MaxTextBytes = 1024;

    /// <summary>The most that a record takes beside its payload.</summary>
    public const int MaxOverhead = 1 + (5 * MaxNumberBytes) + MaxTextBytes;

    /// <summary>In a tag: the target is a <see cref="AddressKind.Named"/> one.</summary>
    public const byte NamedTarget = 0x80;

    private const int MaxNumberBytes = 9;

    private readonly Span<byte> _space = space;

    /// <summary>How many bytes were written.</summary>
    public int Length { get; private set; }

    public void Message(scoped ref Record record)
    {
        Tag(record.Type, record.TargetKind, record.SenderKind);
        Number(record.Target);
        if (record.SenderKind != AddressKind.None)
            Number(record.Sender);
        Number(record.Number);
        Bytes(record.Payload);
    }

    /// <summary>Name, Manifest and Introduce.</summary>
    public void Definition(RecordType type, long number, scoped ReadOnlySpan<byte> text)
    {
        Tag(type);
        Number(number);
        Bytes(text);
    }

    /// <summary>Forget and Unwatch.</summary>
    public void Ending(RecordType type, long number)
    {
        Tag(type);
        Number(number);
    }

    public void Watch(long watch, AddressKind targetKind, long target)
    {
        Tag(RecordType.Watch, targetKind);
        Number(watch);
        Number(target);
    }

    public void Terminated(long watch, bool existed)
    {
        Tag(RecordType.Terminated);
        Number(watch);
        Number(existed ? 1 : 0);
    }

    public void Leader(scoped ReadOnlySpan<byte> address)
    {
        Tag(RecordType.Leader);
        Bytes(address);
    }

    private void Tag(
        RecordType type, AddressKind target = default, AddressKind sender = default)
    {
        var named = target == AddressKind.Named ? NamedTarget : 0;
        _space[Length++] = (byte)((byte)type | ((byte)sender << 4) | named);
    }

    private void Number(long value)
    {
        while (value >= 0x80)
        {
            _space[Length++] = (byte)(value | 0x80);
            value >>= 7;
        }
        _space[Length++] = (byte)value;
    }

    private void Bytes(scoped ReadOnlySpan<byte> bytes)
    {
        Number(bytes.Length);
        bytes.CopyTo(_space[Length..]);
        Length += bytes.Length;
    }
}
