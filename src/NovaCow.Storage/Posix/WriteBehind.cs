using Microsoft.Win32.SafeHandles;

namespace NovaCow.Storage;

/// <summary>
/// Brings what is written to a long file to the disk while the writing goes on, so that it fills no
/// memory and the sync at its end finds little to do. It makes nothing durable.
/// </summary>
internal sealed class WriteBehind(StoreFiles files, SafeFileHandle file, string path)
{
    /// <summary>How much is written before it is sent; twice that is held.</summary>
    public const int WindowBytes = 16 << 20;

    private (long Offset, long Length)? _sent;
    private long _start = -1;
    private long _bytes;

    /// <summary>Takes note of bytes that were written; offsets only grow.</summary>
    public void Wrote(long offset, long bytes)
    {
        if (_start < 0)
            _start = offset;
        _bytes += bytes;
        if (_bytes < WindowBytes)
            return;
        var window = (_start, offset + bytes - _start);
        files.StartSync(file, path, window);
        if (_sent is { } before)
            files.FinishSync(file, path, before);
        (_sent, _start, _bytes) = (window, -1, 0);
    }
}
