using Microsoft.Win32.SafeHandles;

namespace NovaCow.Storage.Inspection;

/// <summary>The bytes under inspection. It only reads, and never changes their length.</summary>
public interface IRandomAccess
{
    /// <summary>How many bytes there are.</summary>
    long Length { get; }

    /// <summary>Reads what is at <paramref name="offset"/>.</summary>
    /// <returns>How many bytes were read; fewer than asked for only at the end.</returns>
    int Read(long offset, Span<byte> buffer);
}

/// <summary>A file under inspection; owns its handle.</summary>
public sealed class FileRandomAccess : IRandomAccess, IDisposable
{
    private readonly SafeFileHandle _handle;

    /// <summary>Opens the file for reading.</summary>
    public FileRandomAccess(string path)
    {
        _handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        Length = RandomAccess.GetLength(_handle);
    }

    /// <inheritdoc/>
    public long Length { get; }

    /// <inheritdoc/>
    public int Read(long offset, Span<byte> buffer)
    {
        var done = 0;
        while (done < buffer.Length)
        {
            var count = RandomAccess.Read(_handle, buffer[done..], offset + done);
            if (count == 0)
                break;

            done += count;
        }

        return done;
    }

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();
}
