namespace NovaCow.Storage;

/// <summary>What a guest reads from a disk, whatever file it is in. Blocks; changes nothing; what
/// is past its end reads as zeros.</summary>
internal interface IDiskView
{
    long SizeBytes { get; }

    /// <summary>Where the next bytes at or after an offset are that may not be zeros; the size,
    /// or more, when there are none.</summary>
    long NextData(long offset);

    void Read(long offset, Span<byte> into);
}
