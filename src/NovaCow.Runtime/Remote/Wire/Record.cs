namespace NovaCow.Runtime.Remote.Wire;

/// <summary>What a WebSocket message of a link holds, told by its first byte.</summary>
internal enum FrameKind : byte
{
    /// <summary>JSON: the dialler introduces itself.</summary>
    Hello = 1,

    /// <summary>JSON: the listener accepts.</summary>
    Welcome = 2,

    /// <summary>JSON: the listener refuses.</summary>
    Refusal = 3,

    /// <summary>Records, back to back; none at all is a heartbeat.</summary>
    Batch = 4,
}

/// <summary>What a record says.</summary>
internal enum RecordType : byte
{
    /// <summary>Deliver a message.</summary>
    Message = 1,

    /// <summary>From here on, a number stands for a path at the receiver.</summary>
    Name = 2,

    /// <summary>From here on, a number stands for a manifest.</summary>
    Manifest = 3,

    /// <summary>From here on, a number stands for an actor of the writer.</summary>
    Introduce = 4,

    /// <summary>That actor cannot be reached by its number any more.</summary>
    Forget = 5,

    /// <summary>Tell me when this actor of yours ends.</summary>
    Watch = 6,

    /// <summary>That watch is over.</summary>
    Unwatch = 7,

    /// <summary>The actor of that watch has ended.</summary>
    Terminated = 8,

    /// <summary>Who leads the cluster now, as far as the writer knows.</summary>
    Leader = 9,
}

/// <summary>How a record names an actor.</summary>
internal enum AddressKind : byte
{
    /// <summary>No actor.</summary>
    None = 0,

    /// <summary>An actor of the reader, by the number under which the reader introduced it.
    /// </summary>
    Yours = 1,

    /// <summary>An actor of the reader, by the number of a path (<see cref="RecordType.Name"/>).
    /// </summary>
    Named = 2,

    /// <summary>An actor of the writer, introduced before.</summary>
    Mine = 3,

    /// <summary>A short-lived reference of the writer, such as an ask: introduced by being used.
    /// </summary>
    Once = 4,
}

/// <summary>One parsed record; it borrows the frame's bytes.</summary>
internal ref struct Record
{
    public RecordType Type;

    /// <summary>Where a message or a watch goes: Yours or Named.</summary>
    public AddressKind TargetKind;
    public long Target;

    public AddressKind SenderKind;
    public long Sender;

    /// <summary>The number that is defined, forgotten or watched; a message's manifest.</summary>
    public long Number;

    /// <summary>A path, a manifest or an address, in UTF-8.</summary>
    public ReadOnlySpan<byte> Text;
    public ReadOnlySpan<byte> Payload;

    /// <summary>Of Terminated: whether the actor existed.</summary>
    public bool Existed;
}
