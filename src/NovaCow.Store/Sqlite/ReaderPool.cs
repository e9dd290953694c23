using System.Collections.Concurrent;
using NovaCow.Runtime.Persistence;

namespace NovaCow.Store.Sqlite;

/// <summary>
/// The reading connections: opened when needed, kept, and never more than the limit. Who finds all
/// of them in use waits without a thread.
/// </summary>
internal sealed class ReaderPool(string path, Func<Reader> open) : IDisposable
{
    /// <summary>Reads that run at once.</summary>
    public const int Limit = 4;

    private readonly SemaphoreSlim _free = new(Limit);
    private readonly ConcurrentBag<Reader> _idle = [];
    private volatile bool _closed;

    public async Task<T> ReadAsync<T>(
        Func<Reader, T> read, CancellationToken cancellationToken)
    {
        await _free.WaitAsync(cancellationToken);
        try
        {
            // SQLite reads synchronously, from memory or disk: not on the caller's turn.
            return await Task.Run(() => Read(read), cancellationToken);
        }
        finally
        {
            _free.Release();
        }
    }

    private T Read<T>(Func<Reader, T> read)
    {
        if (_closed) throw new StoreException($"store {path}: it was closed");
        try
        {
            if (!_idle.TryTake(out var reader)) reader = open();
            try
            {
                return read(reader);
            }
            finally
            {
                _idle.Add(reader);
                if (_closed) Dispose();
            }
        }
        catch (SqliteFailure failure)
        {
            throw failure.ToStoreException(path);
        }
    }

    public void Dispose()
    {
        _closed = true;
        while (_idle.TryTake(out var reader)) reader.Dispose();
    }
}
