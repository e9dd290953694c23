using System.Buffers.Binary;
using System.Security.Cryptography;

namespace NovaCow.Storage;

/// <summary>Writes what a disk has, as <see cref="TransferFormat"/> says. Blocks.</summary>
internal sealed class TransferWriter : IDiskSink, IDisposable
{
    private const int BufferBytes = 256 << 10;

    private readonly Stream _into;
    private readonly CancellationToken _token;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(BufferBytes);
    private int _buffered;

    /// <param name="into">Takes the bytes; it is not closed.</param>
    /// <param name="sizeBytes">The disk's size.</param>
    /// <param name="reference">What stands for bytes that are not given.</param>
    /// <param name="token">Gives up.</param>
    public TransferWriter(Stream into, long sizeBytes, byte reference, CancellationToken token)
    {
        (_into, _token) = (into, token);
        Put(TransferFormat.Magic);
        Put(sizeBytes);
        Put([reference]);
    }

    public void Data(long offset, ReadOnlySpan<byte> bytes)
    {
        Put([TransferFormat.Data]);
        Put(offset);
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
        Put(length);
        Put(bytes);
    }

    public void Zeros(long offset, long length)
    {
        Put([TransferFormat.Zeros]);
        Put(offset);
        Put(length);
    }

    public void Same(long offset, long length)
    {
    }

    public void Finish()
    {
        Put([TransferFormat.End]);
        Flush();
        _into.WriteAsync(_hash.GetHashAndReset(), _token).AsTask().GetAwaiter().GetResult();
        _into.FlushAsync(_token).GetAwaiter().GetResult();
    }

    public void Dispose() => _hash.Dispose();

    private void Put(long number)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        Put(bytes);
    }

    private void Put(ReadOnlySpan<byte> bytes)
    {
        _hash.AppendData(bytes);
        while (bytes.Length > 0)
        {
            var count = Math.Min(bytes.Length, _buffer.Length - _buffered);
            bytes[..count].CopyTo(_buffer.AsSpan(_buffered));
            _buffered += count;
            bytes = bytes[count..];
            if (_buffered == _buffer.Length)
                Flush();
        }
    }

    private void Flush()
    {
        _into.WriteAsync(_buffer.AsMemory(0, _buffered), _token).AsTask().GetAwaiter().GetResult();
        _buffered = 0;
    }
}
