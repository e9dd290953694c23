using NovaCow.Storage.Inspection;

namespace NovaCow.Storage.Tests.Inspection;

/// <summary>Bytes in memory under inspection.</summary>
internal sealed class MemoryRandomAccess(ReadOnlyMemory<byte> bytes) : IRandomAccess
{
    /// <inheritdoc/>
    public long Length => bytes.Length;

    /// <inheritdoc/>
    public int Read(long offset, Span<byte> buffer)
    {
        if (offset >= bytes.Length)
            return 0;

        var source = bytes.Span[(int)offset..];
        var count = Math.Min(source.Length, buffer.Length);
        source[..count].CopyTo(buffer);
        return count;
    }
}
