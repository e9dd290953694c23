using Microsoft.Win32.SafeHandles;

namespace NovaCow.Storage;

/// <summary>A raw file as a disk: what it has no bytes for are zeros.</summary>
internal sealed class RawView : IDiskView
{
    private readonly SafeFileHandle _file;
    private readonly long _length;

    /// <param name="file">Outlives this.</param>
    public RawView(SafeFileHandle file)
    {
        (_file, _length) = (file, StoreFiles.Length(file));
        _ = LibC.posix_fadvise(file, 0, 0, LibC.POSIX_FADV_SEQUENTIAL);
    }

    public long SizeBytes => RawFile.WholeSectors(_length);

    public long NextData(long offset)
    {
        if (offset >= _length)
            return SizeBytes;
        var next = RawFile.NextData(_file, offset, _length);
        return next >= _length ? SizeBytes : next;
    }

    public void Read(long offset, Span<byte> into)
    {
        while (into.Length > 0)
        {
            var count = RandomAccess.Read(_file, into, offset);
            if (count == 0)
            {
                into.Clear();
                return;
            }

            into = into[count..];
            offset += count;
        }
    }
}
