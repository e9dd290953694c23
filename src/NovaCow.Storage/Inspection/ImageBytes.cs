using System.Buffers.Binary;
using NovaCow.Core;

namespace NovaCow.Storage.Inspection;

/// <summary>
/// Bounded reading for the formats: nothing is read before it was asked whether it lies inside the
/// file, and no buffer is larger than <see cref="MaxReadBytes"/>.
/// </summary>
internal sealed class ImageBytes
{
    public const int MaxReadBytes = 4 << 20;
    public const int SectorBytes = 512;

    private readonly IRandomAccess _source;
    private readonly byte[] _head = new byte[4096];
    private readonly int _headLength;

    public ImageBytes(IRandomAccess source)
    {
        _source = source;
        Length = source.Length;
        _headLength = source.Read(0, _head);
    }

    public long Length { get; }

    /// <summary>The first bytes, at most 4 KiB, fewer when the file is shorter.</summary>
    public ReadOnlySpan<byte> Head => _head.AsSpan(0, _headLength);

    /// <summary>Whether the range lies inside the file. Any values may be asked about.</summary>
    public bool Holds(ulong offset, ulong length) =>
        offset <= (ulong)Length && length <= (ulong)Length - offset;

    /// <summary>Whether the range lies inside the file.</summary>
    public bool Holds(long offset, long length) =>
        offset >= 0 && length >= 0 && Holds((ulong)offset, (ulong)length);

    /// <summary>Whether the file has these bytes at this place.</summary>
    public bool Has(long offset, ReadOnlySpan<byte> expected)
    {
        if (!Holds(offset, expected.Length))
            return false;

        Span<byte> found = stackalloc byte[expected.Length];
        ReadInto(offset, found);
        return found.SequenceEqual(expected);
    }

    /// <summary>Reads a range that <see cref="Holds(long, long)"/>.</summary>
    public byte[] Read(long offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, MaxReadBytes);
        var buffer = new byte[length];
        ReadInto(offset, buffer);
        return buffer;
    }

    /// <summary>Reads a range that <see cref="Holds(long, long)"/>.</summary>
    /// <exception cref="ImageInspectionException">The file shrank meanwhile.</exception>
    public void ReadInto(long offset, Span<byte> buffer)
    {
        if (!Holds(offset, buffer.Length) || _source.Read(offset, buffer) != buffer.Length)
        {
            throw new ImageInspectionException(
                $"{buffer.Length} bytes at offset {offset} could not be read from an image of "
                + $"{Length} bytes: it changed during inspection; inspect it again");
        }
    }
}

/// <summary>Fields of a header that was read whole.</summary>
internal static class FieldExtensions
{
    public static ushort U16Be(this ReadOnlySpan<byte> bytes, int offset) =>
        BinaryPrimitives.ReadUInt16BigEndian(bytes[offset..]);

    public static uint U32Be(this ReadOnlySpan<byte> bytes, int offset) =>
        BinaryPrimitives.ReadUInt32BigEndian(bytes[offset..]);

    public static ulong U64Be(this ReadOnlySpan<byte> bytes, int offset) =>
        BinaryPrimitives.ReadUInt64BigEndian(bytes[offset..]);

    public static ushort U16Le(this ReadOnlySpan<byte> bytes, int offset) =>
        BinaryPrimitives.ReadUInt16LittleEndian(bytes[offset..]);

    public static uint U32Le(this ReadOnlySpan<byte> bytes, int offset) =>
        BinaryPrimitives.ReadUInt32LittleEndian(bytes[offset..]);

    public static ulong U64Le(this ReadOnlySpan<byte> bytes, int offset) =>
        BinaryPrimitives.ReadUInt64LittleEndian(bytes[offset..]);

    public static bool IsZero(this ReadOnlySpan<byte> bytes) => !bytes.ContainsAnyExcept((byte)0);
}
