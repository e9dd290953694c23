using System.Buffers.Binary;
using System.Text;

namespace NovaCow.Storage;

/// <summary>
/// The bytes of an empty qcow2 version 3 overlay on a raw file, and of one as it is found. Pure;
/// written after QEMU's specification, interop/qcow2, and checked with qemu-img.
/// </summary>
/// <remarks>Four clusters or more: header, refcount table, one refcount block, L1 table. The L1
/// table is all zeros, and so a hole: three short writes and a length make the whole file.
/// </remarks>
internal static class Qcow2Overlay
{
    public const int HeaderBytes = 4096;
    public const int MaxBackingFileBytes = 1023;

    private const int ClusterBits = 16;
    public const int ClusterBytes = 1 << ClusterBits;
    public const long BytesPerL1Entry = (long)ClusterBytes * (ClusterBytes / 8);
    private const int L1FirstCluster = 3;
    private const int HeaderLength = 112;
    private const int BackingFormatOffset = HeaderLength + 8;
    private const int BackingFileOffset = BackingFormatOffset + 8 + 8;
    private const uint Magic = 0x514649FB;
    private const uint BackingFormatExtension = 0xE2792ACA;

    public const long RefcountTableOffset = ClusterBytes;
    public const long RefcountBlockOffset = 2 * ClusterBytes;

    /// <summary>The largest disk whose clusters one refcount block of metadata can describe.
    /// </summary>
    public const long MaxVirtualBytes = 64L << 40;

    /// <summary>Where the file ends: at the last entry of the L1 table.</summary>
    public static long FileBytes(long virtualBytes) =>
        (L1FirstCluster * ClusterBytes) + (8 * L1Entries(virtualBytes));

    /// <summary>What stands at offset 0 of an empty overlay.</summary>
    public static byte[] Header(long virtualBytes, string backingFile) => Header(
        virtualBytes,
        backingFile,
        new Qcow2Tables(L1FirstCluster * ClusterBytes, RefcountTableOffset, 1));

    /// <summary>What stands at offset 0.</summary>
    /// <param name="virtualBytes">The size of the disk.</param>
    /// <param name="backingFile">The raw file that it lies over; null: it owns its bytes.</param>
    /// <param name="tables">Where its tables are.</param>
    public static byte[] Header(long virtualBytes, string? backingFile, Qcow2Tables tables)
    {
        var bytes = new byte[HeaderBytes];
        Put32(0, Magic);
        Put32(4, 3);
        Put32(20, ClusterBits);
        Put64(24, virtualBytes);
        Put32(36, (uint)L1Entries(virtualBytes));
        Put64(40, tables.L1Offset);
        Put64(48, tables.RefcountTableOffset);
        Put32(56, (uint)tables.RefcountTableClusters);
        Put32(96, 4);
        Put32(100, HeaderLength);
        if (backingFile is not null)
            PutBacking(Encoding.UTF8.GetBytes(backingFile));
        return bytes;

        void PutBacking(byte[] name)
        {
            if (name.Length > MaxBackingFileBytes)
                throw new ArgumentException("this name is too long", nameof(backingFile));
            Put64(8, BackingFileOffset);
            Put32(16, (uint)name.Length);
            Put32(HeaderLength, BackingFormatExtension);
            Put32(HeaderLength + 4, 3);
            "raw"u8.CopyTo(bytes.AsSpan(BackingFormatOffset));
            name.CopyTo(bytes.AsSpan(BackingFileOffset));
        }

        void Put32(int at, uint value) =>
            BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(at), value);
        void Put64(int at, long value) =>
            BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(at), value);
    }

    /// <summary>What stands at <see cref="RefcountTableOffset"/>.</summary>
    public static byte[] RefcountTable()
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, RefcountBlockOffset);
        return bytes;
    }

    /// <summary>What stands at <see cref="RefcountBlockOffset"/>: a 1 for each cluster.</summary>
    public static byte[] RefcountBlock(long virtualBytes)
    {
        var l1Clusters = ((8 * L1Entries(virtualBytes)) + ClusterBytes - 1) / ClusterBytes;
        var bytes = new byte[2 * (L1FirstCluster + l1Clusters)];
        for (var i = 1; i < bytes.Length; i += 2)
            bytes[i] = 1;
        return bytes;
    }

    /// <summary>
    /// What the first bytes of a qcow2 file say, also after a guest has written to it; null when
    /// they are no whole header of ours.
    /// </summary>
    /// <param name="start">The first <see cref="HeaderBytes"/> bytes, or all there are.</param>
    /// <param name="fileBytes">The length of the file.</param>
    public static OverlayHeader? Parse(ReadOnlySpan<byte> start, long fileBytes)
    {
        if (start.Length < HeaderLength
            || BinaryPrimitives.ReadUInt32BigEndian(start) != Magic
            || BinaryPrimitives.ReadUInt32BigEndian(start[4..]) != 3)
        {
            return null;
        }

        var backingAt = BinaryPrimitives.ReadInt64BigEndian(start[8..]);
        var backingBytes = BinaryPrimitives.ReadUInt32BigEndian(start[16..]);
        var virtualBytes = BinaryPrimitives.ReadInt64BigEndian(start[24..]);
        var l1Entries = BinaryPrimitives.ReadUInt32BigEndian(start[36..]);
        var l1At = BinaryPrimitives.ReadInt64BigEndian(start[40..]);
        if (virtualBytes <= 0 || l1At <= 0 || l1At > fileBytes - (8L * l1Entries)
            || backingBytes > MaxBackingFileBytes
            || backingAt < 0 || backingAt > start.Length - backingBytes)
        {
            return null;
        }

        var backing = backingAt == 0
            ? null
            : Encoding.UTF8.GetString(start.Slice((int)backingAt, (int)backingBytes));
        return new OverlayHeader(virtualBytes, backing);
    }

    public static long L1Entries(long virtualBytes) =>
        (virtualBytes + BytesPerL1Entry - 1) / BytesPerL1Entry;
}

/// <summary>Where a file's tables are, in bytes and clusters.</summary>
internal sealed record Qcow2Tables(
    long L1Offset, long RefcountTableOffset, long RefcountTableClusters);

/// <summary>What an overlay is: its size, and the file it lies over, as it names it.</summary>
internal sealed record OverlayHeader(long VirtualSizeBytes, string? BackingFile);
