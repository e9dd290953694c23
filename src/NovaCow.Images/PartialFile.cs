using Microsoft.Win32.SafeHandles;
using NovaCow.Core;

namespace NovaCow.Images;

/// <summary>
/// Owns the <c>.part</c> file that an image's bytes are gathered in, and their running digest, and
/// publishes it as the destination when it is whole. One per fetch; knows nothing of where the
/// bytes come from.
/// </summary>
/// <remarks>
/// Every failure to write is a <see cref="PortException"/>. Blocks of zeros are left as holes.
/// The file is locked: a second fetch to the same destination fails at once.
/// </remarks>
internal sealed class PartialFile : IAsyncDisposable
{
    private const int HoleBytes = 64 * 1024;

    private readonly FetchRequest _request;
    private readonly FileStream _file;
    private readonly DigestPipe _pipe;
    private bool _published;

    private PartialFile(FetchRequest request, FileStream file)
    {
        _request = request;
        _file = file;
        _pipe = new DigestPipe(request.Expected?.Algorithm ?? "sha256");
    }

    /// <summary>How many bytes, from the first on, are at hand.</summary>
    public long ReceivedBytes { get; private set; }

    /// <summary>How many of them this fetch has brought, bytes thrown away included.</summary>
    public long TransferredBytes { get; private set; }

    /// <summary>Whether it was published or discarded.</summary>
    public bool IsGone { get; private set; }

    /// <summary>Beside the file: what a source needs to know to go on after a crash.</summary>
    public string RecordPath => RecordPathOf(_request.DestinationPath);

    private SafeFileHandle Handle => _file.SafeFileHandle;

    private string Path => PathOf(_request.DestinationPath);

    /// <summary>
    /// Opens what an earlier fetch left, or an empty file. Nothing is at hand until
    /// <see cref="AdoptAsync"/>.
    /// </summary>
    public static PartialFile Open(FetchRequest request)
    {
        var path = PathOf(request.DestinationPath);
        try
        {
            var file = new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.None,
                BufferSize = 0,
                Options = FileOptions.Asynchronous,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
            return new PartialFile(request, file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw SourceErrors.Unwritable(request, path, e);
        }
    }

    /// <summary>
    /// Takes the first <paramref name="bytes"/> of what an earlier fetch left as received, and
    /// hashes them; false if they are not exactly those that had this digest.
    /// </summary>
    public async Task<bool> AdoptAsync(
        long bytes, Digest digest, CancellationToken cancellationToken)
    {
        if (RandomAccess.GetLength(Handle) < bytes)
            return false;
        try
        {
            while (ReceivedBytes < bytes)
            {
                var buffer = await RentAsync(cancellationToken);
                var wanted = (int)Math.Min(buffer.Length, bytes - ReceivedBytes);
                var count = await RandomAccess.ReadAsync(
                    Handle, buffer[..wanted], ReceivedBytes, cancellationToken);
                if (count == 0)
                    break;
                _pipe.Push(count);
                ReceivedBytes += count;
            }
        }
        catch (IOException)
        {
            // What cannot be read back is fetched again.
            return false;
        }

        return ReceivedBytes == bytes && await _pipe.DigestAsync() == digest;
    }

    /// <summary>Forgets every byte: the next one received is the first.</summary>
    public async Task RestartAsync()
    {
        await _pipe.ResetAsync();
        ReceivedBytes = 0;
        Write(() =>
        {
            // The record goes first, and durably: it must never describe other bytes.
            if (File.Exists(RecordPath))
            {
                DeleteRecord();
                Posix.SyncDirectoryOf(Path);
            }

            RandomAccess.SetLength(Handle, 0);
        });
    }

    /// <summary>The place to read the next bytes into.</summary>
    public ValueTask<Memory<byte>> RentAsync(CancellationToken cancellationToken) =>
        _pipe.RentAsync(cancellationToken);

    /// <summary>Takes the first <paramref name="count"/> bytes of the place as received.</summary>
    public async ValueTask CommitAsync(ReadOnlyMemory<byte> place, int count)
    {
        _pipe.Push(count);
        try
        {
            await WriteSparselyAsync(place[..count]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed(e);
        }

        ReceivedBytes += count;
        TransferredBytes += count;
    }

    /// <summary>
    /// Takes all of <paramref name="source"/>'s <paramref name="bytes"/> by sharing its blocks,
    /// where the file system can; then hashes what it got.
    /// </summary>
    public async Task<bool> TryCloneAsync(
        SafeFileHandle source,
        long bytes,
        FetchProgressGauge gauge,
        CancellationToken cancellationToken)
    {
        if (!Posix.TryClone(source, Handle) || RandomAccess.GetLength(Handle) != bytes)
            return false;
        while (ReceivedBytes < bytes)
        {
            var buffer = await RentAsync(cancellationToken);
            var count = await RandomAccess.ReadAsync(
                Handle, buffer, ReceivedBytes, cancellationToken);
            _pipe.Push(count);
            ReceivedBytes += count;
            gauge.Report(ReceivedBytes, bytes);
        }

        TransferredBytes = bytes;
        return true;
    }

    /// <summary>
    /// Starts to make everything received so far durable. More may be received meanwhile.
    /// </summary>
    /// <returns>What is durable once the task is done.</returns>
    public async Task<(long Bytes, Digest Digest)> SyncAsync()
    {
        var bytes = ReceivedBytes;
        var digest = _pipe.DigestAsync();

        // Before anything later is written: this would cut it off.
        Write(() => RandomAccess.SetLength(Handle, bytes));
        await Task.Run(() => Write(() => RandomAccess.FlushToDisk(Handle)));
        return (bytes, await digest);
    }

    /// <summary>
    /// Checks the digest, makes the file durable and gives it its own name; on a wrong digest
    /// discards it.
    /// </summary>
    public async Task<FetchedImage> PublishAsync()
    {
        var (bytes, digest) = await SyncAsync();
        if (_request.Expected is { } expected && expected != digest)
        {
            Discard();
            throw SourceErrors.WrongDigest(_request, expected, digest);
        }

        Write(() =>
        {
            File.Move(Path, _request.DestinationPath, overwrite: true);
            DeleteRecord();
            Posix.SyncDirectoryOf(Path);
        });
        IsGone = _published = true;
        return new FetchedImage(_request.DestinationPath, bytes, digest, TransferredBytes);
    }

    /// <summary>Does something to the host's file system, its failures being this file's.</summary>
    public void Write(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed(e);
        }
    }

    /// <summary>The digest of what was received so far.</summary>
    public Task<Digest> DigestAsync() => _pipe.DigestAsync();

    /// <summary>Removes the file and the record beside it, unless it was published.</summary>
    public void Discard()
    {
        if (_published)
            return;
        IsGone = true;
        try
        {
            DeleteRecord();
            File.Delete(Path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What stays is found, and judged by its record, by the next fetch.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _pipe.DisposeAsync();
        await _file.DisposeAsync();
    }

    private static string PathOf(string destination) => destination + ".part";

    private static string RecordPathOf(string destination) => destination + ".part.json";

    private async ValueTask WriteSparselyAsync(ReadOnlyMemory<byte> bytes)
    {
        var at = ReceivedBytes;
        while (bytes.Length > 0)
        {
            var zeros = RunLength(bytes.Span, at, ofZeros: true);
            (bytes, at) = (bytes[zeros..], at + zeros);
            var data = RunLength(bytes.Span, at, ofZeros: false);
            if (data > 0)
                await RandomAccess.WriteAsync(Handle, bytes[..data], at);
            (bytes, at) = (bytes[data..], at + data);
        }
    }

    /// <summary>How far blocks of the one kind go on from here; blocks are the file's.</summary>
    private static int RunLength(ReadOnlySpan<byte> bytes, long at, bool ofZeros)
    {
        var length = 0;
        while (length < bytes.Length)
        {
            var block = HoleBytes - (int)((at + length) % HoleBytes);
            var piece = bytes.Slice(length, Math.Min(block, bytes.Length - length));
            if (!piece.ContainsAnyExcept((byte)0) != ofZeros)
                break;
            length += piece.Length;
        }

        return length;
    }

    private void DeleteRecord()
    {
        File.Delete(RecordPath);
        File.Delete(RecordPath + PartialRecord.FreshSuffix);
    }

    private PortException Failed(Exception cause)
    {
        var error = SourceErrors.Unwritable(_request, Path, cause);
        if (error.Error.Code == LaunchErrorCode.InsufficientStorage)
            Discard();
        return error;
    }
}
