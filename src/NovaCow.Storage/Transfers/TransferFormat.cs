namespace NovaCow.Storage;

/// <summary>
/// How a disk goes from host to host: a header, then what the disk has in ascending order, then the
/// SHA-256 of all that came before. It says what bytes a disk has, and nothing of how a file holds
/// them: whoever takes it in writes a file of its own, and there is nothing in it to believe but
/// offsets and lengths. Numbers are little-endian.
/// </summary>
/// <remarks>
/// Header: the magic, the disk's size (8 bytes), <see cref="OverBase"/> or <see cref="OverZeros"/>
/// (1 byte). Data: its tag (1), offset (8), length (4), the bytes. Zeros: its tag (1), offset (8),
/// length (8). The end: its tag (1), the digest (32).
/// </remarks>
internal static class TransferFormat
{
    /// <summary>What the stream begins with; another format gets another one.</summary>
    public static ReadOnlySpan<byte> Magic => "NovaCow1"u8;

    /// <summary>What is not given is as in the base that both hosts have.</summary>
    public const byte OverBase = 1;

    /// <summary>What is not given are zeros.</summary>
    public const byte OverZeros = 2;

    public const byte Data = 0x44, Zeros = 0x5a, End = 0x45;

    public const int HeaderBytes = 17, DigestBytes = 32;

    /// <summary>The most bytes of data that are given at once.</summary>
    public const int MaxDataBytes = 2 << 20;
}
