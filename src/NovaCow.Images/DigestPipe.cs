using System.Buffers;
using System.Security.Cryptography;
using System.Threading.Channels;
using NovaCow.Core;

namespace NovaCow.Images;

/// <summary>
/// Hashes a stream of bytes on a thread of its own while its one producer reads and writes.
/// Owns a few pooled buffers, which bound how far the producer can run ahead.
/// </summary>
/// <remarks>
/// The producer rents a buffer, fills it, pushes it, may go on reading it (to write it to a file)
/// until it rents the next, and never shares the pipe.
/// </remarks>
internal sealed class DigestPipe : IAsyncDisposable
{
    /// <summary>Small enough to be hashed from the processor's cache.</summary>
    public const int BufferBytes = 256 * 1024;

    private const int Buffers = 6;

    private readonly Channel<byte[]> _free = Channel.CreateUnbounded<byte[]>();
    private readonly Channel<Work> _work = Channel.CreateUnbounded<Work>();
    private readonly string _algorithm;
    private readonly IncrementalHash _hash;
    private readonly Task _hashing;
    private byte[]? _rented;

    public DigestPipe(string algorithm)
    {
        _algorithm = algorithm;
        _hash = IncrementalHash.CreateHash(new HashAlgorithmName(algorithm.ToUpperInvariant()));
        for (var i = 0; i < Buffers; i++)
            _free.Writer.TryWrite(ArrayPool<byte>.Shared.Rent(BufferBytes));
        _hashing = Task.Run(HashAsync);
    }

    /// <summary>The buffer to fill; the same one again if it was not pushed since.</summary>
    public async ValueTask<Memory<byte>> RentAsync(CancellationToken cancellationToken)
    {
        _rented ??= await _free.Reader.ReadAsync(cancellationToken);
        return _rented.AsMemory(0, BufferBytes);
    }

    /// <summary>Hands the first <paramref name="count"/> bytes of the rented buffer over.</summary>
    public void Push(int count)
    {
        var buffer = _rented ?? throw new InvalidOperationException("no buffer is rented");
        _rented = null;
        _work.Writer.TryWrite(new Work(buffer, count, Asked: null, Reset: false));
    }

    /// <summary>The digest of everything pushed before this call.</summary>
    public Task<Digest> DigestAsync() => AskAsync(reset: false);

    /// <summary>Forgets everything pushed before this call.</summary>
    public Task ResetAsync() => AskAsync(reset: true);

    public async ValueTask DisposeAsync()
    {
        _work.Writer.TryComplete();
        await _hashing;
        if (_rented is not null)
            ArrayPool<byte>.Shared.Return(_rented);
        while (_free.Reader.TryRead(out var buffer))
            ArrayPool<byte>.Shared.Return(buffer);
        _hash.Dispose();
    }

    private Task<Digest> AskAsync(bool reset)
    {
        var asked = new TaskCompletionSource<Digest>(
            TaskCreationOptions.RunContinuationsAsynchronously);
        _work.Writer.TryWrite(new Work(Buffer: null, Count: 0, asked, reset));
        return asked.Task;
    }

    private async Task HashAsync()
    {
        await foreach (var work in _work.Reader.ReadAllAsync())
        {
            if (work.Buffer is { } buffer)
            {
                _hash.AppendData(buffer, 0, work.Count);
                _free.Writer.TryWrite(buffer);
            }
            else
            {
                var hash = work.Reset ? _hash.GetHashAndReset() : _hash.GetCurrentHash();
                work.Asked!.SetResult(Digest.FromHash(_algorithm, hash));
            }
        }
    }

    private readonly record struct Work(
        byte[]? Buffer, int Count, TaskCompletionSource<Digest>? Asked, bool Reset);
}
