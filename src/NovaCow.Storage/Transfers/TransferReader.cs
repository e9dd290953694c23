using System.Buffers.Binary;
using System.Security.Cryptography;

namespace NovaCow.Storage;

/// <summary>
/// Reads a disk that another host sends, as <see cref="TransferFormat"/> says, and believes nothing
/// of it: sizes, order and bounds are checked before anything is written, and its digest before
/// what was written is used. Blocks.
/// </summary>
internal sealed class TransferReader(Stream from) : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _data =
        GC.AllocateUninitializedArray<byte>(TransferFormat.MaxDataBytes);

    private long _position;

    /// <summary>Reads the header.</summary>
    /// <param name="sizeBytes">The size that the disk must have.</param>
    /// <returns>Whether what is not given is as in the disk's base; else it is zeros.</returns>
    public bool ReadHeader(long sizeBytes)
    {
        var header = Take(TransferFormat.HeaderBytes);
        if (!header[..8].SequenceEqual(TransferFormat.Magic))
            throw new TransferException("it is no disk as hosts of this version send them");
        var size = BinaryPrimitives.ReadInt64LittleEndian(header[8..]);
        if (size != sizeBytes)
            throw new TransferException($"the disk has {size} bytes, and {sizeBytes} are expected");
        return header[16] switch
        {
            TransferFormat.OverBase => true,
            TransferFormat.OverZeros => false,
            var other => throw new TransferException($"it lies over {other}, which is not known"),
        };
    }

    /// <summary>Reads all that follows the header, and gives it to a sink; the sink is not
    /// finished.</summary>
    /// <param name="sink">Takes it.</param>
    /// <param name="sizeBytes">The disk's size.</param>
    /// <param name="advance">Called after each piece with where it ends.</param>
    public void ReadInto(IDiskSink sink, long sizeBytes, Action<long> advance)
    {
        while (true)
        {
            var tag = Take(1)[0];
            switch (tag)
            {
                case TransferFormat.Data:
                    var offset = Number();
                    var length = BinaryPrimitives.ReadInt32LittleEndian(Take(4));
                    Check(offset, length, sizeBytes);
                    CheckFits(length);
                    sink.Data(offset, Take(length));
                    break;
                case TransferFormat.Zeros:
                    offset = Number();
                    var zeros = Number();
                    Check(offset, zeros, sizeBytes);
                    sink.Zeros(offset, zeros);
                    break;
                case TransferFormat.End:
                    CheckDigest();
                    return;
                default:
                    throw new TransferException($"it has a part of an unknown kind ({tag})");
            }

            advance(_position);
        }
    }

    public void Dispose() => _hash.Dispose();

    private long Number() => BinaryPrimitives.ReadInt64LittleEndian(Take(8));

    /// <summary>Pieces are whole grains in ascending order, but for the last of the disk.</summary>
    private void Check(long offset, long length, long end)
    {
        var isIn = offset >= _position && offset % DiskScan.GrainBytes == 0
            && length > 0 && offset < end && length <= end - offset;
        if (!isIn)
        {
            throw new TransferException(
                $"it has {length} bytes at offset {offset}, after {_position}: out of order, or "
                    + "out of the disk");
        }

        _position = offset + length;
    }

    private static void CheckFits(int length)
    {
        if (length > TransferFormat.MaxDataBytes)
            throw new TransferException($"it has {length} bytes at once, which are too many");
    }

    private void CheckDigest()
    {
        var ours = _hash.GetHashAndReset();
        if (!Take(TransferFormat.DigestBytes).SequenceEqual(ours))
            throw new TransferException("its digest is not that of what came: bytes were lost");
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        var bytes = _data.AsSpan(0, count);
        try
        {
            from.ReadExactly(bytes);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            throw new TransferException($"it broke off: {e.Message}", e);
        }

        _hash.AppendData(bytes);
        return bytes;
    }
}

/// <summary>What another host sent broke off, or is not what was asked for.</summary>
internal sealed class TransferException(string message, Exception? cause = null)
    : Exception(message, cause);
